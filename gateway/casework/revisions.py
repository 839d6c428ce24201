"""The revisions that ever decided here: stored before their first use, found by their digests, made whole again.

What is read back is hashed again, so that a bundle from the archive is the one its name says, or none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final

import msgspec

from gateway.audit.leaf import ReadLeaf, read
from gateway.audit.ledger import Ledger
from gateway.budgets.quote import PriceBook
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.ids import uuid7
from gateway.domain.writes import EntryDraft
from gateway.policy.bundle import Bundle
from gateway.store import entries, policies
from gateway.store.engine import Database

LOADED: Final = "policy.loaded"
ACTIVATED: Final = "policy.activated"
REQUESTED: Final = "policy.reload_requested"
_SHORTEST: Final = 6
"""Characters that a name must have, so that nobody hits a revision by accident."""
_MOST: Final = 10_000
_SHOWN: Final = 12
"""Characters of a digest that people are shown."""


class PolicyUnknownError(RefusedError):
    """No revision of the policies is called so, or several are."""

    code = "policy-unknown"


class PolicyDamagedError(RefusedError):
    """A stored revision is not what its digest says."""

    code = "policy-damaged"

    def __init__(self, digest: str) -> None:
        super().__init__(
            f"the stored policy {digest[:12]} does not have the digest that names it, so nothing can be decided by it "
            "again; restore the database from a backup, see docs/runbooks/backup.md"
        )
        self.digest = digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to take in new policies."""

    seq: int
    by: str
    """A digest; who it is stands in an erasable table."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision of rules and tables, and when it was last told of."""

    policy_revision: str
    data_revision: str
    at: str
    seq: int
    asked: Asked | None = None
    """What brought it in; nothing where it came with a start, or with changed files."""

    @property
    def name(self) -> str:
        """Both digests, as a bundle names itself."""
        return f"{self.policy_revision}.{self.data_revision}"

    @property
    def short(self) -> str:
        """Its name as people read and write it."""
        return short(self.name)

    def is_called(self, name: str) -> bool:
        """Say whether rules or tables begin so, or each with its half of `RULES.TABLES`."""
        rules, _, tables = name.partition(".")
        if tables:
            return self.policy_revision.startswith(rules) and self.data_revision.startswith(tables)
        return self.policy_revision.startswith(rules) or self.data_revision.startswith(rules)


def short(revision: str) -> str:
    """Shorten the name of a revision so that it is still found by it."""
    return ".".join(each[:_SHOWN] for each in revision.split("."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """Keeps and finds them."""

    database: Database
    ledger: Ledger
    clock: Clock

    async def archive(self, bundle: Bundle, prices: PriceBook) -> None:
        """Store rules, tables and prices by content before their first use, and say so in the ledger."""
        kinds = {
            "policy": (bundle.policy_revision, msgspec.json.encode(bundle.rego, order="sorted")),
            "data": (bundle.data_revision, msgspec.json.encode(bundle.tables, order="sorted")),
            "prices": (prices.revision, prices.content),
        }
        async with self.database.reading() as connection:
            new = [kind for kind, (digest, _) in kinds.items() if not await policies.known(connection, digest)]
        if not new:
            return
        at = self.clock.now()
        rows = tuple(
            policies.write(digest=kinds[kind][0], kind=kind, content=kinds[kind][1], first_used_at=at) for kind in new
        )
        body = {f"{kind}_revision": digest for kind, (digest, _) in kinds.items()}
        draft = EntryDraft(event_id=uuid7(at, token_bytes(10)), type=LOADED, at=at, project_id=None, body=body)
        await self.ledger.record(draft, rows=rows)

    async def bundle(self, policy_revision: str, data_revision: str) -> Bundle:
        """Make the bundle of a revision again: what decides, without tests.

        Raises:
            PolicyUnknownError: it is not stored.
            PolicyDamagedError: it is not what it was.
        """
        rego = await self._content(policy_revision)
        tables = await self._content(data_revision)
        bundle = Bundle(rego=rego, tests={}, tables=tables, selftests=())
        for digest, found in ((policy_revision, bundle.policy_revision), (data_revision, bundle.data_revision)):
            if digest != found:
                raise PolicyDamagedError(digest)
        return bundle

    async def find(self, name: str) -> Bundle:
        """Give the bundle of the one revision whose rules or tables begin so, or both as `RULES.TABLES`.

        Raises:
            PolicyUnknownError: there is none, or there are several.
        """
        if len(name) < _SHORTEST:
            raise PolicyUnknownError(
                f"{name!r} is too short for a revision; give at least {_SHORTEST} characters of it"
            )
        every = await self.every()
        found = {each.name: each for each in every if each.is_called(name)}
        if not found:
            told = f"no revision that ever decided here begins with {name[:80]!r}; see: gateway policy revisions"
            raise PolicyUnknownError(told)
        if len(found) > 1:
            told = f"{len(found)} revisions begin with {name[:80]!r}; name rules and tables: RULES.TABLES"
            raise PolicyUnknownError(told)
        (one,) = found.values()
        return await self.bundle(one.policy_revision, one.data_revision)

    async def every(self) -> list[Revision]:
        """List the revisions that were ever loaded, newest first; each once, where it was told of last."""
        asked = await self.requests()
        told = [
            Revision(
                policy_revision=leaf.event.body["policy_revision"],
                data_revision=leaf.event.body.get("data_revision", ""),
                at=leaf.event.at,
                seq=leaf.seq,
                asked=asked.get(leaf.event.body.get("request", "")),
            )
            for leaf in await self._leaves(LOADED, ACTIVATED)
        ]
        newest = {each.name: each for each in sorted(told, key=lambda each: each.seq)}
        return sorted(newest.values(), key=lambda each: each.seq, reverse=True)

    async def requests(self) -> Mapping[str, Asked]:
        """List what was asked for, by the id of its event: what a gateway did about it names that."""
        return {
            leaf.event.id: Asked(seq=leaf.seq, by=leaf.event.body["by"], reason=leaf.event.body["reason"])
            for leaf in await self._leaves(REQUESTED)
        }

    async def _leaves(self, *types: str) -> list[ReadLeaf]:
        async with self.database.reading() as connection:
            stored = [
                each for type_ in types for each in await entries.search(connection, since=0, limit=_MOST, type_=type_)
            ]
        return [leaf for each in stored if (leaf := read(each.leaf)) is not None]

    async def _content(self, digest: str) -> Mapping[str, Any]:
        async with self.database.reading() as connection:
            content = await policies.content(connection, digest)
        if content is None:
            raise PolicyUnknownError(
                f"the policy {digest[:12]} is not stored here, so nothing can be decided by it again"
            )
        found: Mapping[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
        return found
