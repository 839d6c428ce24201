"""The vault on a real database: what is sealed opens, what is shredded never does, and keys survive rotation."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.errors import UnavailableError
from gateway.domain.writes import Unit
from gateway.store import objects, tenant_keys
from gateway.store.engine import Database, migrate
from gateway.vault.envelope import DamagedError
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import Locks
from gateway.vault.rotation import ForeignTenantKeyError, rewrap_tenant_keys
from gateway.vault.tenants import KEPT_FOR, TenantKeyGoneError
from gateway.vault.vault import HEAVY_BYTES, ErasedError, NotStartedError, Vault

PROJECT = "0190-project"


class Watch:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.moment = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self):
        return self.moment


def provider_in(directory, name="master.key"):
    path = directory / name
    if not path.exists():
        create_master_key(path)
    return FileKeyProvider(path)


@pytest.fixture
def clock():
    return Watch()


@pytest.fixture
def locks(tmp_path):
    return Locks.create(tmp_path / "erasure.key")


@pytest.fixture
def provider(tmp_path):
    return provider_in(tmp_path)


@pytest.fixture
async def database(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'vault.sqlite3'}"
    await migrate(url)
    database = await Database.open(url)
    yield database
    await database.close()


@pytest.fixture
async def vault(database, provider, clock, locks):
    vault = Vault(database, provider, clock, locks)
    await vault.start()
    return vault


async def keep(database, *sealed):
    async with database.writing() as connection:
        await connection.run_sync(objects.add, Unit(sealed=sealed).sealed)


async def sealed_in(vault, database, *, object_id="job-1", kind="payload", plaintext=b"circuit", project_id=PROJECT):
    sealed = await vault.seal(project_id=project_id, object_id=object_id, kind=kind, plaintext=plaintext)
    await keep(database, sealed)
    return sealed


@pytest.mark.parametrize("size", [0, 1, 2048, HEAVY_BYTES - 1, HEAVY_BYTES, HEAVY_BYTES + 1, 3 * HEAVY_BYTES])
async def test_what_was_sealed_opens(vault, database, size):
    """Light objects are handled here, heavy ones in a thread; both the same way."""
    await sealed_in(vault, database, plaintext=b"q" * size)

    assert await vault.open(object_id="job-1", kind="payload") == b"q" * size


async def test_the_database_holds_no_plaintext(vault, database, tmp_path):
    await sealed_in(vault, database, plaintext=b"canary-7f3a" * 50)

    await database.close()

    assert not any(b"canary-7f3a" in path.read_bytes() for path in tmp_path.iterdir())


async def test_a_tenant_key_is_durable_before_anything_is_sealed_under_it(vault, database):
    """A crash after sealing must not leave a ciphertext whose key was only in memory."""
    sealed = await vault.seal(project_id=PROJECT, object_id="job-1", kind="payload", plaintext=b"circuit")

    async with database.reading() as connection:
        row = await tenant_keys.load(connection, PROJECT)
    assert (row.version, row.kek_id) == (sealed.key_version, vault._keys._provider.id)


async def test_another_process_opens_what_this_one_sealed(vault, database, provider, clock, locks):
    await sealed_in(vault, database)
    other = Vault(database, provider, clock, locks)
    await other.start()

    assert await other.open(object_id="job-1", kind="payload") == b"circuit"
    assert other.subject("alice") == vault.subject("alice")
    assert other.derive("access-token/1") == vault.derive("access-token/1")


async def test_two_processes_that_meet_a_new_project_share_one_key(vault, database, provider, clock, locks):
    other = Vault(database, provider, clock, locks)
    await other.start()

    first, second = await asyncio.gather(
        vault.seal(project_id=PROJECT, object_id="job-1", kind="payload", plaintext=b"one"),
        other.seal(project_id=PROJECT, object_id="job-2", kind="payload", plaintext=b"two"),
    )
    await keep(database, first, second)

    assert await other.open(object_id="job-1", kind="payload") == b"one"
    assert await vault.open(object_id="job-2", kind="payload") == b"two"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"project_id": "0190-other"}, id="another project"),
        pytest.param({"object_id": "job-2"}, id="another object"),
        pytest.param({"kind": "result"}, id="another kind"),
    ],
)
async def test_a_row_moved_elsewhere_does_not_open(vault, database, change):
    """Whoever can write the database still cannot hand one tenant's payload to another."""
    sealed = await vault.seal(project_id=PROJECT, object_id="job-1", kind="payload", plaintext=b"circuit")
    await vault.seal(project_id="0190-other", object_id="x", kind="payload", plaintext=b"makes the other key")
    moved = replace(sealed, **change)
    await keep(database, moved)

    with pytest.raises(DamagedError):
        await vault.open(object_id=moved.object_id, kind=moved.kind)


async def test_a_tenant_key_moved_to_another_project_does_not_unwrap(vault, database):
    await vault.seal(project_id=PROJECT, object_id="job-1", kind="payload", plaintext=b"circuit")
    async with database.writing() as connection:
        row = await tenant_keys.load(connection, PROJECT)
        await tenant_keys.add(connection, replace(row, project_id="0190-thief"))

    with pytest.raises(UnavailableError):
        await vault.seal(project_id="0190-thief", object_id="job-2", kind="payload", plaintext=b"x")


async def test_a_shredded_object_does_not_open_and_says_so(vault, database):
    await sealed_in(vault, database)

    assert await vault.shred("job-1", "payload") == 1

    with pytest.raises(ErasedError, match="payload of job-1 to open: it was erased"):
        await vault.open(object_id="job-1", kind="payload")


async def test_shredding_a_job_erases_all_its_kinds_and_no_other_job(vault, database):
    await sealed_in(vault, database, kind="payload")
    await sealed_in(vault, database, kind="result")
    await sealed_in(vault, database, object_id="job-2")

    assert await vault.shred("job-1") == 2
    assert await vault.shred("job-1") == 0

    assert await vault.open(object_id="job-2", kind="payload") == b"circuit"
    with pytest.raises(ErasedError):
        await vault.open(object_id="job-1", kind="result")


async def test_an_object_never_kept_is_refused_the_same_way(vault):
    with pytest.raises(ErasedError):
        await vault.open(object_id="job-1", kind="payload")


async def test_without_its_tenant_key_nothing_opens(vault, database, provider, clock, locks):
    """Shredding a tenant is deleting its key; a cached copy lasts minutes, a new process has none."""
    sealed = await vault.seal(project_id=PROJECT, object_id="job-1", kind="payload", plaintext=b"circuit")
    await keep(database, replace(sealed, key_version=2))
    other = Vault(database, provider, clock, locks)
    await other.start()

    with pytest.raises(TenantKeyGoneError, match="version 2"):
        await other.open(object_id="job-1", kind="payload")


async def test_unwrapped_keys_are_forgotten_after_minutes(vault, database, clock):
    await sealed_in(vault, database)
    before = await vault._keys.newest(PROJECT)
    clock.moment += KEPT_FOR
    kept = await vault._keys.newest(PROJECT)
    clock.moment += timedelta(seconds=1)
    again = await vault._keys.newest(PROJECT)

    assert kept is before
    assert again is not before


async def test_unwrapped_keys_are_bounded_in_number(vault, monkeypatch):
    monkeypatch.setattr("gateway.vault.tenants.KEPT", 2)

    for number in range(4):
        await vault.seal(project_id=f"0190-{number}", object_id="job", kind="payload", plaintext=b"")

    assert len(vault._keys._kept) == 2


async def test_another_master_key_does_not_start_the_vault(vault, database, tmp_path, clock, locks):
    stranger = Vault(database, provider_in(tmp_path, "other.key"), clock, locks)

    with pytest.raises(UnavailableError, match="the master key that its database was made with"):
        await stranger.start()


async def test_a_vault_that_was_not_started_names_nobody(database, provider, clock, locks):
    with pytest.raises(NotStartedError):
        Vault(database, provider, clock, locks).subject("alice")


async def test_a_subject_is_a_digest_that_only_this_deployment_can_compute(vault, tmp_path, clock):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    url = f"sqlite+aiosqlite:///{elsewhere / 'vault.sqlite3'}"
    await migrate(url)
    database = await Database.open(url)
    other = Vault(database, provider_in(elsewhere), clock, Locks.create(elsewhere / "erasure.key"))
    await other.start()
    await database.close()

    assert len(vault.subject("alice")) == 64
    assert vault.subject("alice") == vault.subject("alice")
    assert vault.subject("alice") not in {vault.subject("bob"), other.subject("alice")}


async def test_names_are_remembered_by_digest(vault, database):
    await vault.remember({vault.subject("alice"): "Alice"})
    await vault.remember({vault.subject("alice"): "Alice A."})

    assert await vault.named([vault.subject("alice")]) == {vault.subject("alice"): "Alice A."}


async def test_rotating_the_master_key_changes_no_object_and_no_derived_key(
    vault, database, provider, tmp_path, clock, locks
):
    """Keys that people hold are checked with derived peppers: they must outlive the master key."""
    await sealed_in(vault, database)
    new = provider_in(tmp_path, "new.key")

    assert await rewrap_tenant_keys(database, old=provider, new=new) == 3

    rotated = Vault(database, new, clock, locks)
    await rotated.start()
    assert await rotated.open(object_id="job-1", kind="payload") == b"circuit"
    assert rotated.derive("api-key-pepper/1") == vault.derive("api-key-pepper/1")
    assert rotated.subject("alice") == vault.subject("alice")


async def test_after_a_rotation_the_old_master_key_opens_nothing(vault, database, provider, tmp_path, clock, locks):
    await rewrap_tenant_keys(database, old=provider, new=provider_in(tmp_path, "new.key"))

    with pytest.raises(UnavailableError):
        await Vault(database, provider, clock, locks).start()


async def test_rotating_twice_changes_nothing(vault, database, provider, tmp_path):
    new = provider_in(tmp_path, "new.key")
    await rewrap_tenant_keys(database, old=provider, new=new)

    assert await rewrap_tenant_keys(database, old=provider, new=new) == 0


async def test_a_third_master_key_stops_a_rotation_before_anything_changes(vault, database, provider, tmp_path):
    """Half a rotation would lock out half of the tenants."""
    third, new = provider_in(tmp_path, "third.key"), provider_in(tmp_path, "new.key")
    await vault.seal(project_id="zzz-last", object_id="x", kind="payload", plaintext=b"")
    async with database.writing() as connection:
        row = await tenant_keys.load(connection, "zzz-last")
        await tenant_keys.rewrap(connection, replace(row, kek_id=third.id))

    with pytest.raises(ForeignTenantKeyError, match="nothing was changed"):
        await rewrap_tenant_keys(database, old=provider, new=new)

    async with database.reading() as connection:
        assert not any(row.kek_id == new.id for row in await tenant_keys.every(connection))


async def test_derived_keys_differ_by_purpose(vault):
    assert len({vault.derive(purpose) for purpose in ("a", "b", "a/1", "")}) == 4
