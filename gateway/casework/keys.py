"""Gateway keys, from issue to revocation. A key's text exists only in the answer to who asked for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.casework.entries import GATEWAY, OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError, checked_label
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects
from gateway.domain.classification import Classification
from gateway.domain.clock import Clock, rfc3339
from gateway.domain.errors import RefusedError
from gateway.domain.ids import KeyId
from gateway.domain.principal import Key, Principal
from gateway.domain.secret import Secret
from gateway.domain.synthetic import check_not_synthetic
from gateway.identity.api_keys import MintedKey, Peppers, mint
from gateway.store import keys
from gateway.store.engine import Database
from gateway.store.keys import StoredKey

LONGEST: Final = timedelta(days=3660)
OVERLAP: Final = timedelta(days=1)
"""How long a rotated key stays valid beside its successor, unless told otherwise."""


class UnknownRoleError(RefusedError):
    """A key without a role, or with one that policy does not know, could do nothing."""

    code = "role-unknown"

    def __init__(self, role: str | None, known: Collection[str]) -> None:
        what = "a key needs at least one role" if role is None else f"policy knows no role {role[:80]!r}"
        super().__init__(f"{what}; known roles: {', '.join(sorted(known))}")
        self.role = role


class LifetimeRefusedError(RefusedError):
    """A key that is never valid, or valid for too long."""

    code = "lifetime-refused"

    def __init__(self) -> None:
        super().__init__(f"a key is valid for more than 0 and at most {LONGEST.days} days; choose another lifetime")


class KeyNotActiveError(RefusedError):
    """A key that cannot be rotated, because nobody can be using it."""

    code = "key-not-active"

    def __init__(self, key_id: KeyId) -> None:
        super().__init__(f"gateway key {key_id} is revoked, expired or of a disabled principal; make a new one instead")
        self.key_id = key_id


class PrincipalStoppedError(RefusedError):
    """A key for somebody who may not act."""

    code = "principal-stopped"

    def __init__(self, principal: Principal) -> None:
        super().__init__(f"principal {principal.name!r} is disabled; enable it before you make a key for it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new key shall be able to do; it can only be more careful than its project, never less."""

    roles: tuple[str, ...]
    label: str = ""
    classification: Classification | None = None
    simulator_consent: bool | None = None
    lifetime: timedelta | None = None
    """`None` takes the deployment's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedKey:
    """A new key with its text, which is shown now and never again."""

    key: Key
    text: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Issues, lists, rotates and revokes keys."""

    database: Database
    entries: AdminEntries
    clock: Clock
    peppers: Peppers
    principals: Principals
    projects: Projects
    roles: Collection[str] = field(repr=False)
    """Those that policy knows."""
    lifetime: timedelta

    async def every(self, *, principal: str | None = None, project: str | None = None) -> list[StoredKey]:
        """List keys, oldest first, of everybody or of one principal or project.

        Raises:
            UnknownNameError: there is no such principal or project.
        """
        async with self.database.reading() as connection:
            known = await keys.every(connection)
        if principal is not None:
            owner = await self.principals.named(principal)
            known = [each for each in known if each.key.principal_id == owner.id]
        if project is not None:
            account = await self.projects.named(project)
            known = [each for each in known if each.key.project_id == account.id]
        return known

    async def new(self, *, principal: str, project: str, wish: Wish, by: str = OPERATOR) -> IssuedKey:
        """Issue a key.

        Raises:
            UnknownNameError: there is no such principal or project.
            PrincipalStoppedError: the principal is disabled.
            UnknownRoleError: policy knows no such role.
            LabelRefusedError: the label does not fit on a line.
            LifetimeRefusedError: it would never, or too long, be valid.
            SyntheticRefusedError: the project is the self-test's.
        """
        owner, account = await self.principals.named(principal), await self.projects.named(project)
        if by != GATEWAY:
            check_not_synthetic(account.id)
        if owner.disabled:
            raise PrincipalStoppedError(owner)
        now, minted = self.clock.now(), mint(self.peppers)
        key = Key(
            id=minted.id,
            principal_id=owner.id,
            project_id=account.id,
            label=checked_label(wish.label),
            roles=self._known_roles(wish.roles),
            classification=wish.classification,
            simulator_consent=wish.simulator_consent,
            created_at=now,
            not_before=now,
            expires_at=now + self._lifetime(wish.lifetime),
            revoked_at=None,
            created_by=by,
        )
        await self._record("key.created", key, owner, by, rows=(_stored(key, minted),), body=_told(key))
        return IssuedKey(key=key, text=minted.text)

    async def rotate(self, key_id: str, *, overlap: timedelta = OVERLAP, by: str = OPERATOR) -> IssuedKey:
        """Issue a key's successor; the old one ends after the overlap, or earlier if it would have anyway.

        Raises:
            UnknownNameError: there is no such key.
            KeyNotActiveError: it is revoked or expired, or its principal disabled.
            LifetimeRefusedError: the overlap is negative.
            SyntheticRefusedError: it is the self-test's, which makes its own.
        """
        old, now = await self._find(key_id), self.clock.now()
        check_not_synthetic(old.key.project_id)
        owner = await self.principals.named(old.key.principal_id)
        if old.key.revoked_at is not None or old.key.expires_at <= now or owner.disabled:
            raise KeyNotActiveError(old.key.id)
        if overlap < timedelta(0):
            raise LifetimeRefusedError
        minted = mint(self.peppers)
        ends = min(old.key.expires_at, now + min(overlap, LONGEST))
        successor = replace(
            old.key,
            id=minted.id,
            created_at=now,
            not_before=now,
            expires_at=now + self.lifetime,
            created_by=by,
        )
        outgoing = replace(old, key=replace(old.key, expires_at=ends))
        await self._record(
            "key.rotated",
            old.key,
            owner,
            by,
            rows=(outgoing, _stored(successor, minted)),
            body={**_told(successor), "old_expires_at": rfc3339(ends)},
            successor=successor.id,
        )
        return IssuedKey(key=successor, text=minted.text)

    async def revoke(self, key_id: str, *, by: str = OPERATOR) -> Key:
        """End a key, and every token granted for it, now; revoking twice changes nothing.

        Raises:
            UnknownNameError: there is no such key.
        """
        old = await self._find(key_id)
        if old.key.revoked_at is not None:
            return old.key
        revoked = replace(old.key, revoked_at=self.clock.now())
        owner = await self.principals.named(revoked.principal_id)
        await self._record("key.revoked", revoked, owner, by, rows=(replace(old, key=revoked),), body={})
        return revoked

    async def _find(self, key_id: str) -> StoredKey:
        known = await self.every()
        found = next((each for each in known if each.key.id == key_id), None)
        if found is None:
            raise UnknownNameError("key", key_id, (each.key.id for each in known))
        return found

    def _known_roles(self, roles: Sequence[str]) -> tuple[str, ...]:
        if not roles:
            raise UnknownRoleError(None, self.roles)
        for role in roles:
            if role not in self.roles:
                raise UnknownRoleError(role, self.roles)
        return tuple(dict.fromkeys(roles))

    def _lifetime(self, wished: timedelta | None) -> timedelta:
        lifetime = self.lifetime if wished is None else wished
        if not timedelta(0) < lifetime <= LONGEST:
            raise LifetimeRefusedError
        return lifetime

    async def _record(
        self,
        type_: str,
        key: Key,
        owner: Principal,
        by: str,
        *,
        rows: Sequence[StoredKey],
        body: dict[str, Any],
        successor: KeyId | None = None,
    ) -> None:
        people = {"principal": (owner.id, owner.name), "key": (key.id, key.id)}
        if successor is not None:
            people["successor"] = (successor, successor)
        await self.entries.record(
            type_,
            by=by,
            project_id=key.project_id,
            rows=tuple(keys.write(row) for row in rows),
            body=body,
            people=people,
        )


def active(key: Key, now: datetime) -> bool:
    """Say whether a key would be accepted now, as far as it alone tells."""
    return key.revoked_at is None and key.not_before <= now < key.expires_at


def _stored(key: Key, minted: MintedKey) -> StoredKey:
    return StoredKey(key=key, mac=minted.mac, pepper_version=minted.pepper_version)


def _told(key: Key) -> dict[str, Any]:
    """Give what the ledger says of a key: what it may do and how long, nothing that identifies a person."""
    return {
        "roles": list(key.roles),
        "classification": None if key.classification is None else key.classification.value,
        "simulator_consent": key.simulator_consent,
        "not_before": rfc3339(key.not_before),
        "expires_at": rfc3339(key.expires_at),
    }
