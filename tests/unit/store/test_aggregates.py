"""Rows come back as the nouns they were made from."""

from dataclasses import replace

from gateway.domain.classification import Classification
from gateway.domain.principal import Key, Principal, PrincipalKind, Project, WorkloadClass
from gateway.domain.writes import Unit
from gateway.store import calibrations, keys, objects, principals, projects, subjects, tenant_keys
from gateway.store.keys import StoredKey
from gateway.store.tenant_keys import TenantKeyRow
from gateway.store.view import IdentityView
from tests.records import NOW, leaf, sealed

PERSON = Principal(id="p-1", name="ada", kind=PrincipalKind.PERSON, created_at=NOW)
PROJECT = Project(
    id="q-1",
    name="chemistry",
    team="research",
    classification_floor=Classification.INTERNAL,
    workload_class=WorkloadClass.PRODUCTION,
    simulator_consent=True,
    backends=("ibm_*", "sim_line_5"),
    created_at=NOW,
)
KEY = StoredKey(
    key=Key(
        id="k" * 12,
        principal_id=PERSON.id,
        project_id=PROJECT.id,
        label="laptop",
        roles=("scientist", "admin"),
        classification=Classification.CONFIDENTIAL,
        simulator_consent=None,
        created_at=NOW,
        not_before=NOW,
        expires_at=NOW,
        revoked_at=None,
        created_by="p-1",
    ),
    mac=b"m" * 32,
    pepper_version=1,
)
EVERYONE = (keys.write(KEY), projects.write(PROJECT), principals.write(PERSON, PERSON.name))


async def test_who_may_ask_is_read_back_whole(writer):
    """The rows of a unit may come in any order; a key refers to the other two."""
    await writer.commit(Unit(leaf=leaf(), rows=EVERYONE))

    async with writer.database.reading() as connection:
        assert await principals.every(connection) == [PERSON]
        assert await projects.every(connection) == [PROJECT]
        assert await keys.every(connection) == [KEY]


async def test_a_second_write_replaces_the_row(writer):
    revoked = replace(KEY, key=replace(KEY.key, revoked_at=NOW, roles=(), classification=None, simulator_consent=False))
    open_project = replace(PROJECT, backends=None, simulator_consent=False)
    await writer.commit(Unit(leaf=leaf(), rows=EVERYONE))
    await writer.commit(
        Unit(
            leaf=leaf(),
            rows=(
                keys.write(revoked),
                projects.write(open_project),
                principals.write(replace(PERSON, disabled=True), PERSON.name),
            ),
        )
    )

    view = IdentityView(writer.database)
    assert (view.key(KEY.key.id), view.principal(PERSON.id), view.project(PROJECT.id)) == (None, None, None)
    await view.refresh()

    assert view.stored_key(KEY.key.id) == revoked
    assert view.key(KEY.key.id) == revoked.key
    assert view.principal(PERSON.id).disabled
    assert view.project(PROJECT.id) == open_project


async def test_the_first_of_two_writers_of_a_tenant_key_wins(database):
    """What the loser sealed under its own key could never be opened again."""
    first = TenantKeyRow(project_id="q-1", version=1, kek_id="kek", wrapped=b"first", created_at=NOW)
    async with database.writing() as connection:
        assert await tenant_keys.add(connection, first) == first
    async with database.writing() as connection:
        assert await tenant_keys.add(connection, replace(first, wrapped=b"second")) == first
        second = await tenant_keys.add(connection, replace(first, version=2))

    async with database.reading() as connection:
        assert await tenant_keys.load(connection, "q-1") == second
        assert await tenant_keys.load(connection, "q-1", 1) == first
        assert await tenant_keys.load(connection, "q-2") is None


async def test_an_object_whose_key_was_erased_is_gone_and_its_ciphertext_is_useless(writer):
    both = (sealed("job", "payload"), sealed("job", "result"))
    await writer.commit(Unit(leaf=leaf(), sealed=both))

    async with writer.database.writing() as connection:
        assert await objects.shred(connection, "job", "payload") == 1
        assert await objects.shred(connection, "job", "payload") == 0
    async with writer.database.reading() as connection:
        assert await objects.load(connection, "job", "payload") is None
        assert await objects.kinds(connection, "job") == ("result",)
    async with writer.database.writing() as connection:
        assert await objects.shred(connection, "job") == 1


async def test_names_live_outside_the_ledger(database):
    async with database.writing() as connection:
        await subjects.remember(connection, {"d1": "ada", "d2": "eve"})
        await subjects.remember(connection, {"d1": "ada l."})
        await subjects.remember(connection, {})

    async with database.reading() as connection:
        assert await subjects.names(connection, ["d1", "d3"]) == {"d1": "ada l."}


async def test_a_calibration_is_found_by_its_digest(writer):
    row = calibrations.write(digest="c" * 64, backend="sim_line_5", taken_at=NOW, content=b"{}")
    await writer.commit(Unit(leaf=leaf(), rows=(row,)))

    async with writer.database.reading() as connection:
        assert await calibrations.content(connection, "c" * 64) == b"{}"
        assert await calibrations.content(connection, "d" * 64) is None
