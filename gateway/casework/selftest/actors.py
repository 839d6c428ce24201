"""Who the self-test acts as: a project, two principals and a key for each, made by the gateway when they are needed.

A key's text exists in the memory of the process that made it and nowhere else; after a day it ends by itself. The
project may use one free simulator and nothing else, and its terms are written again whenever they are others.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.casework.entries import GATEWAY
from gateway.casework.keys import Keys, Wish
from gateway.casework.names import UnknownNameError
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects, Terms
from gateway.domain.classification import Classification
from gateway.domain.clock import Clock
from gateway.domain.principal import Key, PrincipalKind
from gateway.domain.synthetic import ALLOWED, DENIED, PROJECT
from gateway.ports.dialect import SigningPair
from gateway.ports.trial import Holder

SUBMIT: Final = "job.submit"
_LIFETIME: Final = timedelta(days=1)
_RENEWED: Final = timedelta(hours=1)
"""How long before its end a key is replaced."""
_LABEL: Final = "self-test"
_WANTED: Final = (frozenset({SUBMIT, "job.read", "job.delete"}), frozenset({SUBMIT, "job.read"}))
"""What a role must allow; of those the first that any role has, so that what ran can be deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The keys in use."""

    backend: str
    """The simulator that the project may use."""
    allowed: Holder
    denied: Holder | None
    """Of somebody who may not submit; nobody, where every role may."""
    until: datetime


@dataclass(slots=True, kw_only=True)
class Actors:
    """Makes them, and keeps their keys."""

    projects: Projects
    principals: Principals
    keys: Keys
    roles: Mapping[str, tuple[str, ...]] = field(repr=False)
    clock: Clock
    pair: Callable[[Key], SigningPair] = field(repr=False)
    """Gives what signs in place of a key."""
    known: Callable[[], Awaitable[None]] = field(repr=False)
    """Lets this process know of keys that it has just made."""
    _cast: Cast | None = field(default=None, repr=False)

    async def cast(self, backend: str) -> Cast | None:
        """Give everybody with a good key for work on a backend; nothing where no role may submit at all.

        Raises:
            GatewayError: the ledger takes no entry, or somebody else has one of the names.
        """
        known = self._cast
        if known is not None and known.backend == backend and self.clock.now() < known.until:
            return known
        may, may_not = self._roles()
        if may is None:
            return None
        await self.projects.open_synthetic(_terms(backend))
        self._cast = Cast(
            backend=backend,
            allowed=await self._key(ALLOWED, may),
            denied=None if may_not is None else await self._key(DENIED, may_not),
            until=self.clock.now() + _LIFETIME - _RENEWED,
        )
        await self.known()
        return self._cast

    def _roles(self) -> tuple[str | None, str | None]:
        """Choose the least role that may submit and read, and the least one that may not submit."""
        sized = sorted(self.roles, key=lambda name: (len(self.roles[name]), name))
        may = next((name for wanted in _WANTED for name in sized if wanted <= set(self.roles[name])), None)
        may_not = next((name for name in sized if SUBMIT not in self.roles[name]), None)
        return may, may_not

    async def _key(self, name: str, role: str) -> Holder:
        try:
            await self.principals.named(name)
        except UnknownNameError:
            await self.principals.create(name=name, kind=PrincipalKind.SERVICE, by=GATEWAY)
        wish = Wish(roles=(role,), label=_LABEL, lifetime=_LIFETIME)
        issued = await self.keys.new(principal=name, project=PROJECT, wish=wish, by=GATEWAY)
        return Holder(key=issued.text, pair=self.pair(issued.key))


def _terms(backend: str) -> Terms:
    return Terms(classification_floor=Classification.PUBLIC, simulator_consent=True, backends=(backend,))
