"""Credentials open as what they were sealed as, by nobody's mistake as anything else, and show themselves nowhere."""

from dataclasses import replace

import pytest

from gateway.audit.merkle import MerkleChain
from gateway.domain.secret import Secret
from gateway.domain.writes import Unit
from gateway.ports.vendor import Account
from gateway.store import entries
from gateway.store.commit import Writer
from gateway.vault.credentials import EVERYBODY, Credentials, kind
from gateway.vault.envelope import DamagedError
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import Locks
from gateway.vault.vault import ErasedError, Vault
from tests.records import StillClock, genesis, leaf

CANARY = "canary-7f3a91c2"
ACCOUNT = Account(id="id-main", vendor="acme", name="main", project_id=None, attributes={}, version=1)
SECRETS = {"api_key": Secret.of(CANARY), "session": Secret.of("zwölf=\n\"{'")}


@pytest.fixture
async def writer(database):
    async with database.writing() as connection:
        await entries.create(connection, genesis())
    running = Writer(database, MerkleChain())
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def credentials(database, tmp_path):
    create_master_key(tmp_path / "master.key")
    vault = Vault(
        database, FileKeyProvider(tmp_path / "master.key"), StillClock(), Locks.create(tmp_path / "erasure.key")
    )
    await vault.start()
    return Credentials(vault)


async def keep(writer, *writes):
    await writer.commit(Unit(leaf=leaf(), sealed=writes))


async def test_a_credential_opens_field_by_field(writer, credentials):
    await keep(writer, await credentials.seal(ACCOUNT, SECRETS))

    opened = await credentials.open(ACCOUNT)

    assert {name: secret.reveal() for name, secret in opened.items()} == {
        name: secret.reveal() for name, secret in SECRETS.items()
    }
    assert all(isinstance(secret, Secret) for secret in opened.values())
    assert CANARY not in f"{opened!r} {opened}"


async def test_what_is_stored_holds_no_secret(credentials):
    write = await credentials.seal(ACCOUNT, SECRETS)

    assert CANARY.encode() not in write.ciphertext + write.wrapped_dek
    assert CANARY not in repr(write)


@pytest.mark.parametrize(("project_id", "tenant"), [("project-1", "project-1"), (None, EVERYBODY)])
async def test_a_projects_credential_rests_on_the_projects_key(credentials, project_id, tenant):
    write = await credentials.seal(replace(ACCOUNT, project_id=project_id), SECRETS)

    assert (write.project_id, write.object_id, write.kind) == (tenant, "id-main", "credential/v1")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"object_id": "id-other"}, id="as another account"),
        pytest.param({"kind": "credential/v2"}, id="as another version"),
        pytest.param({"project_id": "_subject"}, id="under another key"),
    ],
)
async def test_a_row_that_was_moved_does_not_open(writer, credentials, changes):
    """Whoever writes into the database must not make one account's jobs run on another's credential."""
    write = await credentials.seal(ACCOUNT, SECRETS)
    moved = replace(write, **changes)
    await keep(writer, moved)

    with pytest.raises(DamagedError):
        await credentials.open(replace(ACCOUNT, id=moved.object_id, version=int(moved.kind[-1])))


async def test_only_the_version_that_is_kept_opens(writer, credentials):
    rotated = replace(ACCOUNT, version=2)
    await keep(writer, await credentials.seal(rotated, SECRETS))

    assert kind(rotated) == "credential/v2"
    assert set(await credentials.open(rotated)) == {"api_key", "session"}
    with pytest.raises(ErasedError):
        await credentials.open(ACCOUNT)
