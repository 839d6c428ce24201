"""Names are sealed where they are stored, and those of before are sealed when a house opens."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text

from gateway.store import objects, principals
from gateway.store.engine import Database, migrate
from gateway.vault import names, older
from gateway.vault.envelope import LOCKED, _lock_context, unwrap_key
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import ErasureKeyError, Locks
from gateway.vault.vault import ErasedError, Vault, erased_name, name_of
from tests.records import StillClock

ORDER = "0199c0de-0000-7000-8000-000000000001"


@pytest.fixture
async def database(tmp_path):
    url = f"sqlite+aiosqlite:///{tmp_path / 'vault.sqlite3'}"
    await migrate(url)
    database = await Database.open(url)
    yield database
    await database.close()


@pytest.fixture
async def vault(database, tmp_path):
    create_master_key(tmp_path / "master.key")
    vault = Vault(
        database, FileKeyProvider(tmp_path / "master.key"), StillClock(), Locks.create(tmp_path / "erasure.key")
    )
    await vault.start()
    return vault


def test_a_sealed_name_opens_and_shows_nothing(vault):
    sealed = vault.names.seal("digest", "Alice Liddell")

    assert vault.names.open("digest", sealed) == "Alice Liddell"
    assert "lice" not in sealed
    assert sealed != vault.names.seal("digest", "Alice Liddell")


def test_a_name_moved_to_somebody_else_does_not_open(vault):
    assert vault.names.open("other", vault.names.seal("digest", "Alice")) is None
    assert vault.names.open("digest", names.MARK + "not base 85 \x00") is None


def test_an_erased_name_opens_nowhere_and_is_not_sealed_again(vault):
    sealed = vault.names.seal("digest", "Alice")
    assert vault.names.open("digest", sealed) == "Alice"

    vault.locks.apply({ORDER: [names.address("digest")]})

    assert vault.names.open("digest", sealed) is None
    assert vault.names.seal("digest", "Alice") == ""
    assert vault.names.open("digest", "") is None
    assert vault.principal_name("0199-abcdef123456", "") == erased_name("0199-abcdef123456") == "erased-abcdef123456"


def test_names_in_memory_are_bounded(vault, monkeypatch):
    monkeypatch.setattr(names, "_REMEMBERED", 3)

    for number in range(9):
        assert vault.names.open(f"d{number}", vault.names.seal(f"d{number}", "x")) == "x"

    assert len(vault.names._open) <= 3


async def test_names_of_before_are_sealed_when_a_house_opens(vault, database):
    async with database.writing() as connection:
        for statement in (
            "INSERT INTO principal VALUES ('p1', 'ada', 'person', '2026-01-01T00:00:00Z', false, NULL)",
            "INSERT INTO subject_name VALUES ('d1', 'ada')",
        ):
            await connection.execute(text(statement))

    await older.seal_names(database, vault)
    await older.seal_names(database, vault)

    async with database.reading() as connection:
        rows = (await connection.execute(text("SELECT name, sealed_name FROM principal"))).all()
        (ada,) = await principals.every(connection, vault.principal_name)
        stored = (await connection.execute(text("SELECT name FROM subject_name"))).scalar_one()
    assert ada.name == "ada"
    assert await vault.named(["d1"]) == {"d1": "ada"}
    assert not any("ada" in str(each) for each in (*rows, stored))


async def test_objects_of_before_are_put_behind_their_locks(vault, database):
    sealed = await vault.seal(project_id="p", object_id="o", kind="payload", plaintext=b"circuit")
    lock = vault.lock(name_of(sealed))
    unlocked = _unlocked(sealed, lock)
    async with database.writing() as connection:
        await connection.run_sync(objects.add, [unlocked])
    assert await vault.open(object_id="o", kind="payload") == b"circuit"

    assert await older.lock_objects(database, vault) == 1
    assert await older.lock_objects(database, vault) == 0

    async with database.reading() as connection:
        assert (await objects.load(connection, "o", "payload")).wrapped_dek[:1] == LOCKED
    assert await vault.open(object_id="o", kind="payload") == b"circuit"
    vault.locks.apply({ORDER: [""]})
    with pytest.raises(ErasedError):
        await vault.open(object_id="o", kind="payload")


def _unlocked(sealed, lock):
    """Take the lock away again, as a release from before locks would have sealed it."""
    inner = unwrap_key(AESGCM(lock), sealed.wrapped_dek[1:], _lock_context(name_of(sealed)))
    return replace(sealed, wrapped_dek=inner)


async def test_another_erasure_key_does_not_start_the_vault(vault, database, tmp_path):
    """What it sealed, no other gateway of this database could open."""
    stranger = Vault(
        database, FileKeyProvider(tmp_path / "master.key"), StillClock(), Locks.create(tmp_path / "stranger.key")
    )

    with pytest.raises(ErasureKeyError, match=vault.locks.id):
        await stranger.start()
