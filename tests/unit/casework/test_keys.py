"""Keys as an administrator makes, rotates and revokes them: each change one entry, and no secret is kept."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.casework.keys import (
    KeyNotActiveError,
    LifetimeRefusedError,
    PrincipalStoppedError,
    UnknownRoleError,
    Wish,
    active,
)
from gateway.casework.names import UnknownNameError
from gateway.domain.errors import UnavailableError
from gateway.domain.principal import PrincipalKind
from gateway.identity.authenticate import KeyExpiredError, KeyRevokedError
from gateway.ports.dialect import ApiKey
from gateway.store import keys
from tests.unit.casework.conftest import NOW, WISH


async def test_a_new_key_lets_its_owner_in(office, issued):
    caller = (await office.door()).caller(ApiKey(issued.text))

    assert (caller.principal.name, caller.project.name, caller.key) == ("alice", "chemistry", issued.key)


async def test_a_new_key_is_recorded_without_its_secret(office, issued, chemistry):
    (entry,) = await office.entries("key.created")

    assert entry.project_id == chemistry.id
    assert entry.body["key"] == office.vault.subject(issued.key.id)
    assert entry.names[entry.body["key"]] == issued.key.id
    assert entry.names[entry.body["principal"]] == "alice"
    assert entry.body["roles"] == ["scientist"]
    assert issued.text.reveal().decode()[22:] not in json.dumps(dict(entry.body))


async def test_the_database_never_holds_a_keys_text(office, issued, tmp_path):
    await office.writer.close()
    await office.database.close()

    assert not any(issued.text.reveal()[22:] in path.read_bytes() for path in tmp_path.iterdir())


async def test_a_key_lives_ninety_days_unless_told_otherwise(office, issued):
    assert issued.key.expires_at - issued.key.not_before == timedelta(days=90)

    short = await office.administration.keys.new(
        principal="alice", project="chemistry", wish=replace(WISH, lifetime=timedelta(hours=1))
    )
    assert short.key.expires_at - short.key.not_before == timedelta(hours=1)


@pytest.mark.parametrize(
    "lifetime", [timedelta(0), timedelta(seconds=-1), timedelta(days=3660, seconds=1), timedelta.max]
)
async def test_a_lifetime_that_is_none_or_too_long_is_refused(office, alice, chemistry, lifetime):
    with pytest.raises(LifetimeRefusedError):
        await office.administration.keys.new(
            principal="alice", project="chemistry", wish=replace(WISH, lifetime=lifetime)
        )


@pytest.mark.parametrize("roles", [(), ("wizard",), ("scientist", "wizard"), ("",)])
async def test_a_role_that_policy_does_not_know_is_refused(office, alice, chemistry, roles):
    with pytest.raises(UnknownRoleError, match="known roles: admin, scientist"):
        await office.administration.keys.new(principal="alice", project="chemistry", wish=Wish(roles=roles))

    assert await office.administration.keys.every() == []


async def test_a_role_named_twice_counts_once(office, alice, chemistry):
    issued = await office.administration.keys.new(
        principal="alice", project="chemistry", wish=Wish(roles=("scientist", "admin", "scientist"))
    )

    assert issued.key.roles == ("scientist", "admin")


async def test_a_disabled_principal_gets_no_key(office, alice, chemistry):
    await office.administration.principals.change("alice", disabled=True)

    with pytest.raises(PrincipalStoppedError, match="enable it"):
        await office.administration.keys.new(principal="alice", project="chemistry", wish=WISH)


@pytest.mark.parametrize(("principal", "project"), [("bob", "chemistry"), ("alice", "physics")])
async def test_a_key_for_nobody_or_nothing_is_refused(office, alice, chemistry, principal, project):
    with pytest.raises(UnknownNameError):
        await office.administration.keys.new(principal=principal, project=project, wish=WISH)


async def test_keys_are_listed_by_principal_and_project(office, issued):
    administration = office.administration
    await administration.principals.create(name="robot", kind=PrincipalKind.SERVICE)
    other = await administration.keys.new(principal="robot", project="chemistry", wish=WISH)

    assert [each.key.id for each in await administration.keys.every()] == [issued.key.id, other.key.id]
    assert [each.key.id for each in await administration.keys.every(principal="robot")] == [other.key.id]
    assert len(await administration.keys.every(project="chemistry")) == 2
    with pytest.raises(UnknownNameError):
        await administration.keys.every(project="physics")


async def test_a_rotated_key_and_its_successor_overlap(office, issued):
    """Nobody is locked out while the new key travels to where the old one is used."""
    rotated = await office.administration.keys.rotate(issued.key.id, overlap=timedelta(hours=1))

    door = await office.door()
    assert door.caller(ApiKey(issued.text)).key.id == issued.key.id
    assert door.caller(ApiKey(rotated.text)).key.id == rotated.key.id
    office.clock.moment += timedelta(hours=1)
    with pytest.raises(KeyExpiredError):
        door.caller(ApiKey(issued.text))
    assert door.caller(ApiKey(rotated.text)).key.roles == issued.key.roles


async def test_a_rotation_is_one_entry_that_names_both_keys(office, issued):
    rotated = await office.administration.keys.rotate(issued.key.id)

    (entry,) = await office.entries("key.rotated")
    assert entry.body["key"] == office.vault.subject(issued.key.id)
    assert entry.body["successor"] == office.vault.subject(rotated.key.id)
    assert entry.names[entry.body["successor"]] == rotated.key.id


async def test_a_rotation_never_lengthens_the_old_key(office, alice, chemistry):
    issued = await office.administration.keys.new(
        principal="alice", project="chemistry", wish=replace(WISH, lifetime=timedelta(hours=1))
    )
    await office.administration.keys.rotate(issued.key.id, overlap=timedelta(days=30))

    old = next(each.key for each in await office.administration.keys.every() if each.key.id == issued.key.id)
    assert old.expires_at == issued.key.expires_at


async def test_without_overlap_the_old_key_ends_at_once(office, issued):
    await office.administration.keys.rotate(issued.key.id, overlap=timedelta(0))

    with pytest.raises(KeyExpiredError):
        (await office.door()).caller(ApiKey(issued.text))


async def test_a_negative_overlap_is_refused(office, issued):
    with pytest.raises(LifetimeRefusedError):
        await office.administration.keys.rotate(issued.key.id, overlap=timedelta(seconds=-1))


@pytest.mark.parametrize("why", ["revoked", "expired", "disabled"])
async def test_a_key_that_nobody_can_use_is_not_rotated(office, issued, why):
    """Otherwise rotating would undo a revocation."""
    if why == "revoked":
        await office.administration.keys.revoke(issued.key.id)
    elif why == "expired":
        office.clock.moment = issued.key.expires_at
    else:
        await office.administration.principals.change("alice", disabled=True)

    with pytest.raises(KeyNotActiveError):
        await office.administration.keys.rotate(issued.key.id)


async def test_a_revoked_key_lets_nobody_in(office, issued):
    revoked = await office.administration.keys.revoke(issued.key.id)

    assert not active(revoked, office.clock.now())
    with pytest.raises(KeyRevokedError):
        (await office.door()).caller(ApiKey(issued.text))
    (entry,) = await office.entries("key.revoked")
    assert entry.body["key"] == office.vault.subject(issued.key.id)


async def test_revoking_twice_changes_nothing(office, issued):
    first = await office.administration.keys.revoke(issued.key.id)

    assert await office.administration.keys.revoke(issued.key.id) == first
    assert len(await office.entries("key.revoked")) == 1


async def test_an_unknown_key_is_refused(office, issued):
    with pytest.raises(UnknownNameError, match=issued.key.id):
        await office.administration.keys.revoke("000000000000")


async def test_who_acts_is_in_the_entry_and_in_the_row(office, alice, chemistry):
    issued = await office.administration.keys.new(principal="alice", project="chemistry", wish=WISH, by=alice.id)

    (entry,) = await office.entries("key.created")
    assert entry.body["by"] == office.vault.subject(alice.id)
    assert entry.names[entry.body["by"]] == "alice"
    assert issued.key.created_by == alice.id


async def test_without_the_ledger_nothing_changes(office, issued):
    """An administrator's change that nobody could ever see must not happen."""
    await office.writer.close()

    with pytest.raises(UnavailableError):
        await office.administration.keys.revoke(issued.key.id)
    with pytest.raises(UnavailableError):
        await office.administration.principals.create(name="bob")

    assert (await office.administration.keys.every())[0].key.revoked_at is None
    assert [each.name for each in await office.administration.principals.every()] == ["alice"]


async def test_moments_are_the_clocks(issued):
    assert issued.key.created_at > NOW


async def test_the_day_a_key_was_used_is_noted_and_survives_changes(office, issued):
    """A day is enough to find forgotten keys; finer would be a record of somebody's work."""
    door = await office.door()
    door.caller(ApiKey(issued.text))
    async with office.database.writing() as connection:
        await keys.note_used(connection, door.take_used(), "2026-11-22")

    await office.administration.keys.revoke(issued.key.id)

    assert [each.last_used_day for each in await office.administration.keys.every()] == ["2026-11-22"]
