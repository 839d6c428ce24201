"""Every administrative change is one entry and the rows it speaks of, durable together, and named by nobody's name."""

from dataclasses import replace

import pytest

from gateway.casework.administration import AlreadyInitialisedError
from gateway.casework.entries import OPERATOR
from gateway.casework.names import DuplicateNameError, LabelRefusedError, NameRefusedError, UnknownNameError
from gateway.casework.projects import BackendPatternError, Terms
from gateway.domain.classification import Classification
from gateway.domain.principal import WorkloadClass
from gateway.identity.authenticate import PrincipalDisabledError
from gateway.ports.dialect import ApiKey
from gateway.store.entries import search


# ── principals ───────────────────────────────────────────────────────────────────────────────────
async def test_a_new_principal_is_stored_and_recorded(office, alice):
    assert await office.administration.principals.every() == [alice]

    (entry,) = await office.entries("principal.created")
    assert entry.body["principal"] == office.vault.subject(alice.id)
    assert entry.body["kind"] == "person"
    assert entry.names[entry.body["principal"]] == "alice"
    assert entry.names[entry.body["by"]] == OPERATOR


async def test_the_ledger_itself_never_holds_a_name(office, alice, chemistry, issued):
    """Leaves stay for ever; who somebody was must be erasable."""
    async with office.database.reading() as connection:
        leaves = b"".join(stored.leaf for stored in await search(connection, since=0, limit=100))

    assert b"alice" not in leaves
    assert b"chemistry" not in leaves
    assert issued.key.id.encode() not in leaves
    assert issued.text.reveal() not in leaves


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a" * 65,
        " alice",
        "alice ",
        "-alice",
        "al\nice",
        "al/ice",
        "<script>",
        "\uff41lice",
        "\u0430lice",
        "a\u202eb",
        "a\0b",
    ],
)
async def test_a_name_that_could_be_mistaken_is_refused(office, name):
    with pytest.raises(NameRefusedError):
        await office.administration.principals.create(name=name)
    with pytest.raises(NameRefusedError):
        await office.administration.projects.create(name=name, terms=Terms())

    assert await office.administration.principals.every() == []


@pytest.mark.parametrize("name", ["a", "a" * 64, "Alice B. Smith", "alice@example.org", "ci-bot_1+x"])
async def test_an_ordinary_name_is_taken(office, name):
    assert (await office.administration.principals.create(name=name)).name == name


@pytest.mark.parametrize("name", ["alice", "ALICE", "Alice"])
async def test_a_taken_name_is_refused_whatever_its_case(office, alice, name):
    with pytest.raises(DuplicateNameError, match="already"):
        await office.administration.principals.create(name=name)

    assert len(await office.entries("principal.created")) == 1


async def test_disabling_stops_a_principals_keys_and_enabling_brings_them_back(office, issued):
    await office.administration.principals.change("alice", disabled=True)
    with pytest.raises(PrincipalDisabledError):
        (await office.door()).caller(ApiKey(issued.text))

    await office.administration.principals.change("alice", disabled=False)
    assert (await office.door()).caller(ApiKey(issued.text)).key.id == issued.key.id
    assert [entry.body["disabled"] for entry in await office.entries("principal.changed")] == [True, False]


async def test_a_change_that_changes_nothing_is_no_entry(office, alice, chemistry):
    await office.administration.principals.change("alice", disabled=False)
    await office.administration.projects.change("chemistry", Terms.of(chemistry))

    assert await office.entries("principal.changed") == []
    assert await office.entries("project.changed") == []


async def test_an_unknown_name_is_refused_with_the_known_ones(office, alice, chemistry):
    with pytest.raises(UnknownNameError, match="known: alice"):
        await office.administration.principals.change("bob", disabled=True)
    with pytest.raises(UnknownNameError, match="known: chemistry"):
        await office.administration.projects.change("physics", Terms())


async def test_an_id_names_as_well_as_a_name(office, alice):
    assert await office.administration.principals.named(alice.id) == alice


# ── projects ─────────────────────────────────────────────────────────────────────────────────────
async def test_a_project_begins_careful(office, chemistry):
    assert chemistry.classification_floor is Classification.INTERNAL
    assert chemistry.workload_class is WorkloadClass.EXPERIMENTAL
    assert chemistry.simulator_consent is False
    assert chemistry.backends is None
    assert await office.administration.projects.every() == [chemistry]


async def test_a_changed_project_is_recorded_with_what_it_was(office, chemistry):
    terms = replace(Terms.of(chemistry), classification_floor=Classification.RESTRICTED, backends=("sim_*",))
    changed = await office.administration.projects.change("chemistry", terms)

    assert await office.administration.projects.every() == [changed]
    (entry,) = await office.entries("project.changed")
    assert entry.project_id == chemistry.id
    assert (entry.body["before"]["classification_floor"], entry.body["classification_floor"]) == (
        "internal",
        "restricted",
    )
    assert (entry.body["before"]["backends"], entry.body["backends"]) == (None, ["sim_*"])


@pytest.mark.parametrize("pattern", ["", "sim line", "sim/5", "x" * 129, "sim\n"])
async def test_a_pattern_that_matches_nothing_is_refused(office, pattern):
    with pytest.raises(BackendPatternError):
        await office.administration.projects.create(name="chemistry", terms=Terms(backends=(pattern,)))


async def test_an_empty_allow_list_is_a_list(office):
    """Nobody may use any backend: something else than no list at all."""
    project = await office.administration.projects.create(name="closed", terms=Terms(backends=()))

    assert project.backends == ()
    assert (await office.administration.projects.named("closed")).backends == ()


@pytest.mark.parametrize("team", ["x" * 129, "two\nlines", "\x1b[31mred"])
async def test_a_team_that_does_not_fit_on_a_line_is_refused(office, team):
    with pytest.raises(LabelRefusedError):
        await office.administration.projects.create(name="chemistry", terms=Terms(team=team))


# ── the first key ────────────────────────────────────────────────────────────────────────────────
async def test_the_first_key_is_an_administrators(office):
    issued = await office.administration.first_admin()

    caller = (await office.door()).caller(ApiKey(issued.text))
    assert (caller.principal.name, caller.project.name, caller.key.roles) == ("admin", "default", ("admin",))
    assert [entry.type for entry in await office.inspection.entries(since=0)] == [
        "ledger.created",
        "principal.created",
        "project.created",
        "key.created",
    ]


async def test_there_is_only_one_first_key(office):
    await office.administration.first_admin()

    with pytest.raises(AlreadyInitialisedError, match="keys new"):
        await office.administration.first_admin()

    assert len(await office.administration.keys.every()) == 1


async def test_no_first_key_after_any_other(office, issued):
    with pytest.raises(AlreadyInitialisedError):
        await office.administration.first_admin()


async def test_an_interrupted_start_is_taken_up_where_it_ended(office):
    """A crash between principal and key must not leave a deployment that can never have a first key."""
    await office.administration.principals.create(name="admin")

    assert (await office.administration.first_admin()).key.roles == ("admin",)
    assert len(await office.entries("principal.created")) == 1
