"""Who sees what: everything, a project's entries, or what one did oneself; the rest looks as if it were not there."""

import pytest

from gateway.casework.filters import wanted
from gateway.casework.formats import Form
from gateway.domain.errors import NotFoundError
from gateway.domain.search import Filter, Scope, fact


@pytest.fixture
async def tenants(library):
    places = {
        "mine": await library.permitted("j-1", "alpha", "alice"),
        "my job's end": await library.ended("j-1", "alpha"),
        "my colleague's": await library.permitted("j-2", "alpha", "bob"),
        "a stranger's": await library.permitted("j-3", "beta", "bob"),
        "nobody's": await library.tell("halt.set", None, scope="vendor", target="ibm", reason="maintenance"),
    }
    await library.search.index.follow()
    project = frozenset({library.projects["alpha"]})
    scopes = {
        "auditor": Scope(),
        "lead": Scope(project_ids=project),
        "scientist": Scope(project_ids=project, subject=library.digest("alice")),
        "nobody": Scope(project_ids=frozenset()),
    }
    return library, places, scopes


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("auditor", ["mine", "my job's end", "my colleague's", "a stranger's", "nobody's"]),
        ("lead", ["mine", "my job's end", "my colleague's"]),
        ("scientist", ["mine", "my job's end"]),
        ("nobody", []),
    ],
)
async def test_each_sees_their_own(tenants, who, seen):
    library, places, scopes = tenants
    wished = {"type": ["job.*", "halt.*"]}

    page = await library.search.find(wanted(wished), scopes[who], ascending=True)
    exported = b"".join([each async for each in library.search.export(wanted(wished), scopes[who], Form.JSONL)])

    assert [each.seq for each in page.found] == [places[name] for name in seen]
    assert exported.count(b"\n") == len(seen)


@pytest.mark.parametrize("who", ["lead", "scientist", "nobody"])
async def test_what_is_foreign_looks_like_nothing(tenants, who):
    """Not even whether a job, an entry or a project exists is told."""
    library, places, scopes = tenants

    for lookup in (
        library.search.story("j-3", scopes[who]),
        library.search.story("sdk-j-3", scopes[who]),
        library.search.entry(places["a stranger's"], scopes[who]),
        library.search.entry(10_000, scopes[who]),
        library.search.find(Filter(project="beta"), scopes[who]),
        library.search.find(Filter(project="gamma"), scopes[who]),
    ):
        with pytest.raises(NotFoundError):
            await lookup


async def test_one_may_read_whole_what_one_may_find(tenants):
    library, places, scopes = tenants

    for who in ("auditor", "lead", "scientist"):
        assert (await library.search.entry(places["mine"], scopes[who])).seq == places["mine"]
        assert [each.type for each in await library.search.story("sdk-j-1", scopes[who])] == [
            "job.permitted",
            "job.completed",
        ]


async def test_a_reason_cannot_carry_an_entry_into_anothers_sight(library):
    """Terms of facts have a `_`, and no word of a reason has: whoever writes reasons writes words only."""
    alpha = library.projects["alpha"]
    await library.permitted("j-9", "beta", "bob")
    await library.ended("j-9", "beta", how="failed", reason=f"{fact('project', alpha)} {fact('principal', alpha)}")

    assert await library.seqs(Scope(project_ids=frozenset({alpha})), job="j-9") == []


async def test_choices_are_those_of_what_one_sees(tenants):
    library, _, scopes = tenants
    await library.denied("budget/money", project="beta", who="bob")
    await library.search.index.follow()

    everything, own = [await library.search.choices(scopes[who]) for who in ("auditor", "lead")]

    assert everything.rules == ("budget/money",)
    assert (own.rules, own.vendors, own.projects) == ((), ("ibm",), ((library.projects["alpha"], "alpha"),))
    assert {"halt.set", "job.denied"} <= set(everything.types) - set(own.types)
