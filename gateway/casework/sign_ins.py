"""Who is signed in to the console: begun, recognised at every request, ended.

A session holds no right of its own. At every request the key that was shown, or the principal that was vouched for and
what its groups may do, is looked up again; so whatever ends those ends the session at once, at every replica.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from types import MappingProxyType
from typing import Any, Final

from gateway.casework.entries import AdminEntries
from gateway.casework.keys import active
from gateway.casework.names import UnknownNameError
from gateway.casework.people import People, SignInRefusedError
from gateway.domain.clock import Clock
from gateway.domain.console import ConsoleSession
from gateway.domain.errors import RefusedError, UnavailableError
from gateway.domain.ids import KeyId
from gateway.domain.principal import Caller, Principal, PrincipalKind, Project
from gateway.domain.secret import Secret
from gateway.identity.authenticate import Authenticator
from gateway.identity.id_token import Claims
from gateway.store import console
from gateway.store.engine import Database
from gateway.store.view import IdentityView

TAKES: Final = frozenset({"audit.read", "job.read"})
"""Permissions of which one is enough to come in."""
KEPT: Final = timedelta(days=1)
"""How long a session that is over stays known."""
_TOUCHED: Final = timedelta(minutes=1)
"""How exactly it is written down when a session was last used."""
_TOKEN_BYTES: Final = 32


class NotSignedInError(RefusedError):
    """A page of the console was asked for without a session, or with one that is over."""

    code = "not-signed-in"

    def __init__(self, why: str | None = None) -> None:
        super().__init__(f"{why or 'this page is for people who are signed in'}; sign in")
        self.was_in = why is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who uses a session now, and what they may see."""

    session: ConsoleSession
    principal: Principal
    roles: tuple[str, ...]
    projects: tuple[Project, ...]
    """Their own: the key's, or all those that they hold a good key of."""
    caller: Caller | None
    """Whose key was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIns:
    """Begins, recognises and ends sessions."""

    database: Database
    entries: AdminEntries
    identity: IdentityView
    authenticator: Authenticator
    clock: Clock
    people: People | None
    """`None` where no identity provider vouches for anybody."""
    issuer: str | None
    idle: timedelta
    """After so long without use a session is over."""
    longest: timedelta
    """After so long it is over in any case."""
    permissions: Mapping[str, tuple[str, ...]] = field(repr=False)
    """What each role may do."""

    async def with_key(self, caller: Caller) -> tuple[Secret, ConsoleSession]:
        """Sign in whoever showed a key; gives the cookie and the session.

        Raises:
            SignInRefusedError: a program's key, or one whose roles have nothing to look at.
            UnavailableError: the ledger takes no entry; nobody is signed in.
        """
        key = caller.key
        if caller.principal.kind is PrincipalKind.SERVICE:
            raise SignInRefusedError("this key belongs to a program, which asks the API below /api/v1")
        told = {"key": (key.id, key.id)}
        return await self._begin(caller.principal, key.roles, people=told, key_id=key.id, project_id=caller.project.id)

    async def with_claims(self, claims: Claims) -> tuple[Secret, ConsoleSession]:
        """Sign in whom the identity provider vouched for.

        Raises:
            SignInRefusedError: nobody of this deployment, or nobody with a role.
            UnavailableError: the ledger takes no entry; nobody is signed in.
        """
        assert self.people is not None, "nobody comes here without an identity provider in the settings"
        name, groups = self.people.name(claims), self.people.groups(claims)
        who = self.identity.principal_named(name)
        if who is None or who.disabled or who.kind is PrincipalKind.SERVICE:
            raise SignInRefusedError(f"this gateway has no person {name[:80]!r} who may act")
        # Whom the provider meant, as a digest without a name: erasing a principal shall leave nobody behind elsewhere.
        subject = self.entries.vault.subject(f"{self.issuer} {claims['sub']}")
        body = {"issuer": self.issuer, "subject": subject}
        return await self._begin(who, self.people.roles_of(groups), body=body, groups=groups, issuer=self.issuer)

    async def standing(self, token: Secret) -> Standing:
        """Say who uses a cookie now, and count this as use.

        Raises:
            NotSignedInError: nobody any more.
        """
        async with self.database.reading() as connection:
            session = await console.load(connection, _digest(token))
        now = self.clock.now()
        if session is None or session.ended_at is not None:
            raise NotSignedInError
        if now >= min(session.until, session.seen_at + self.idle):
            raise NotSignedInError("your session is over")
        standing = self._by_groups(session) if session.key_id is None else self._by_key(session, session.key_id)
        if now >= session.seen_at + _TOUCHED:
            # What cannot be written down ends a session earlier, never later.
            with contextlib.suppress(UnavailableError):
                async with self.database.writing() as connection:
                    await console.touch(connection, session.id, now)
        return standing

    async def every(self) -> list[ConsoleSession]:
        """List the sessions that are not over, oldest first."""
        now = self.clock.now()
        async with self.database.reading() as connection:
            found = await console.unended(connection, now)
        return [each for each in found if now < each.seen_at + self.idle]

    async def end(self, session_id: str, *, by: str, of: str | None = None) -> ConsoleSession:
        """End a session; `of` is the principal whose it must be.

        Raises:
            UnknownNameError: no such session is open.
        """
        known = [each for each in await self.every() if of in {None, each.principal_id}]
        session = next((each for each in known if each.id == session_id), None)
        if session is None:
            raise UnknownNameError("session", session_id, (each.id for each in known))
        ended = replace(session, ended_at=self.clock.now())
        who, key = self.identity.principal(ended.principal_id), self.identity.key(ended.key_id or "")
        await self.entries.record(
            "console.signed_out",
            by=by,
            project_id=key.project_id if key else None,
            rows=(console.write(ended),),
            body={"session": ended.id},
            people={"principal": (ended.principal_id, who.name if who else ended.principal_id)},
        )
        return ended

    async def forget(self) -> None:
        """Remove what has been over for a day."""
        async with self.database.writing() as connection:
            await console.forget(connection, self.clock.now() - KEPT)

    def _by_key(self, session: ConsoleSession, key_id: KeyId) -> Standing:
        try:
            caller = self.authenticator.owner(key_id)
        except RefusedError as error:
            raise NotSignedInError(error.message) from None
        return Standing(
            session=session,
            principal=caller.principal,
            roles=caller.key.roles,
            projects=(caller.project,),
            caller=caller,
        )

    def _by_groups(self, session: ConsoleSession) -> Standing:
        who = self.identity.principal(session.principal_id)
        roles = self.people.roles_of(session.groups) if self.people and session.issuer == self.issuer else ()
        if who is None or who.disabled or not self._may_enter(roles):
            raise NotSignedInError("you may not use the console any more")
        now = self.clock.now()
        held = {each.project_id for each in self.identity.keys_of(who.id) if active(each, now)}
        projects = (self.identity.project(each) for each in sorted(held))
        own = tuple(each for each in projects if each is not None)
        return Standing(session=session, principal=who, roles=roles, projects=own, caller=None)

    def _may_enter(self, roles: Sequence[str]) -> bool:
        return any(not TAKES.isdisjoint(self.permissions.get(role, ())) for role in roles)

    async def _begin(
        self,
        who: Principal,
        roles: Sequence[str],
        *,
        people: Mapping[str, tuple[str, str]] = MappingProxyType({}),
        body: Mapping[str, Any] = MappingProxyType({}),
        key_id: KeyId | None = None,
        project_id: str | None = None,
        issuer: str | None = None,
        groups: tuple[str, ...] = (),
    ) -> tuple[Secret, ConsoleSession]:
        if not self._may_enter(roles):
            roles_told = f"none of your roles ({', '.join(sorted(roles))}) carries {' or '.join(sorted(TAKES))}"
            raise SignInRefusedError(roles_told if roles else "none of your groups has a role here")
        now, token = self.clock.now(), Secret.of(token_urlsafe(_TOKEN_BYTES))
        session = ConsoleSession(
            digest=_digest(token),
            id=self.entries.new_id(),
            principal_id=who.id,
            key_id=key_id,
            issuer=issuer,
            groups=groups,
            created_at=now,
            seen_at=now,
            until=now + self.longest,
        )
        await self.entries.record(
            "console.signed_in",
            by=who.id,
            project_id=project_id,
            rows=(console.write(session),),
            body={"session": session.id, "how": session.how.value, "roles": sorted(roles), **body},
            people={"principal": (who.id, who.name), **people},
        )
        return token, session


def _digest(token: Secret) -> str:
    return sha256(token.reveal()).hexdigest()
