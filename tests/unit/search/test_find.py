"""Finding entries: every filter, on both databases."""

from datetime import timedelta

import pytest

from gateway.casework import search as search_room
from gateway.casework.filters import SearchRefusedError, asked, wanted
from gateway.casework.formats import Form
from gateway.domain.errors import NotFoundError
from gateway.domain.search import Filter, Ruling, Scope
from gateway.domain.synthetic import PROJECT
from gateway.store import search as store_search


@pytest.fixture
async def week(library):
    """A few jobs of two tenants, by what became of them."""
    places = {
        "permitted": await library.permitted("j-1"),
        "forwarded": await library.tell("job.forwarded", job_id="j-1", attempt=1, upstream="ibm"),
        "completed": await library.ended("j-1"),
        "denied": await library.denied("budget/money", "access/role-may-submit"),
        "fell back": await library.permitted(
            "j-2",
            placement={
                "upstream": "aer",
                "backend": "sim_fez",
                "kind": "simulator",
                "fallback": True,
                "reason": "ibm_fez is unavailable: vendor-degraded",
            },
            tried=[{"backend": "ibm_fez", "rules": ["backend/online"]}],
        ),
        "foreign": await library.permitted("j-3", "beta", "bob"),
        "failed": await library.ended(
            "j-3", "beta", how="failed", reason="the vendor's calibration was lost", cost=None
        ),
        "halt": await library.tell("halt.set", None, scope="vendor", target="ibm", reason="maintenance", by="operator"),
        "refused": await library.tell(
            "request.refused", principal=library.digest("alice"), key="k", code="key-revoked", dialect="ionq"
        ),
    }
    return library, places


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param({"type": "job.denied"}, ["denied"], id="an event code"),
        pytest.param({"type": "job.completed, job.failed"}, ["completed", "failed"], id="several event codes"),
        pytest.param({"type": ["halt.*", "request.*"]}, ["halt", "refused"], id="all codes of a noun"),
        pytest.param(
            {"principal": "bob", "type": "job.*"}, ["foreign", "failed"], id="a person, whose jobs' later entries count"
        ),
        pytest.param({"project": "beta", "type": "job.*"}, ["foreign", "failed"], id="a project"),
        pytest.param({"job": "sdk-j-1"}, ["permitted", "forwarded", "completed"], id="a job by its client's id"),
        pytest.param({"job": "j-1"}, ["permitted", "forwarded", "completed"], id="a job by ours"),
        pytest.param({"vendor": "aer"}, ["fell back"], id="where it went"),
        pytest.param({"vendor": "ibm", "decision": "denied"}, ["denied"], id="where it would have gone"),
        pytest.param({"backend": "sim_fez"}, ["fell back"], id="the backend that was used"),
        pytest.param({"backend": "ibm_fez", "fallback": "yes"}, ["fell back"], id="the backend that was asked for"),
        pytest.param({"decision": "denied"}, ["denied"], id="a decision"),
        pytest.param({"rule": "budget/money"}, ["denied"], id="a rule that denied"),
        pytest.param({"rule": "backend/online"}, ["fell back"], id="a rule that kept a job from its place"),
        pytest.param({"code": "key-revoked"}, ["refused"], id="an error code"),
        pytest.param({"kind": "simulator"}, ["fell back"], id="the kind of execution"),
        pytest.param({"fallback": "yes"}, ["fell back"], id="everything that fell back"),
        pytest.param({"cost_from": "3.25", "currency": "EUR"}, ["completed"], id="a cost from"),
        pytest.param({"cost_to": "3.249999", "type": "job.*"}, ["permitted", "fell back", "foreign"], id="a cost to"),
        pytest.param({"text": "calibration LOST"}, ["failed"], id="words of a reason, in any case and order"),
        pytest.param({"text": "unavail*"}, ["fell back"], id="the beginning of a word"),
        pytest.param({"text": "vendor-degraded"}, ["fell back"], id="a word with a hyphen"),
        pytest.param({"text": "unavail"}, [], id="half a word is none"),
        pytest.param({"kind": "hardware", "decision": "denied"}, [], id="what excludes itself"),
        pytest.param({"principal": "0" * 64}, [], id="a digest of nobody"),
    ],
)
async def test_each_filter_finds_what_it_names(week, given, found):
    library, places = week

    assert await library.seqs(**given) == [places[name] for name in found]


async def test_a_span_of_time_ends_before_its_end(week):
    library, places = week
    since = (await library.search.find(Filter(job="j-2"), Scope())).found
    assert since == ()  # nothing is found before it is in the index
    await library.search.index.follow()
    moment = (await library.search.find(Filter(job="j-2"), Scope())).found[0].at.isoformat()

    assert (await library.seqs(since=moment))[0] == places["fell back"]
    assert (await library.seqs(until=moment))[-1] == places["denied"]


async def test_an_entry_is_shown_with_what_its_job_was_decided_on(week):
    library, _ = week
    await library.search.index.follow()

    (ended,) = (await library.search.find(Filter(types=("job.completed",)), Scope())).found

    assert (ended.principal, ended.project, ended.classification) == ("alice", "alpha", "internal")
    assert (ended.cost_micros, ended.currency, ended.client_job_id) == (3_250_000, "EUR", "sdk-j-1")
    (permitted,) = (await library.search.find(Filter(job="j-1", ruling=Ruling.PERMITTED), Scope())).found
    assert (permitted.cost_micros, permitted.vendor, permitted.backend) == (2_500_000, "ibm", "ibm_fez")


async def test_pages_never_shift(library):
    """New entries come in while somebody reads; no entry is shown twice and none is left out."""
    first = [await library.denied("budget/money") for _ in range(7)]
    await library.search.index.follow()
    page = await library.search.find(wanted({"decision": ["denied"]}), Scope(), limit=3)
    seen = [each.seq for each in page.found]

    while page.cursor:
        await library.denied("budget/money")
        await library.search.index.follow()
        page = await library.search.find(wanted({"decision": ["denied"]}), Scope(), limit=3, cursor=page.cursor)
        seen += [each.seq for each in page.found]

    assert seen == sorted(first, reverse=True)


async def test_pages_go_the_other_way_too(library):
    places = [await library.denied("budget/money") for _ in range(5)]
    await library.search.index.follow()
    wished = {"limit": 2, "ascending": True}
    first = await library.search.find(Filter(ruling=Ruling.DENIED), Scope(), **wished)
    second = await library.search.find(Filter(ruling=Ruling.DENIED), Scope(), **wished, cursor=first.cursor)

    assert [each.seq for each in (*first.found, *second.found)] == places[:4]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"vender": ["ibm"]}, id="an unknown word"),
        pytest.param({"decision": ["maybe"]}, id="an unknown value"),
        pytest.param({"since": ["soon"]}, id="no time"),
        pytest.param({"since": ["0001-01-01T00:00:00+14:00"]}, id="a time before there were any"),
        pytest.param({"since": ["2026-02-01"], "until": ["2026-01-01"]}, id="an end before the beginning"),
        pytest.param({"cost_from": ["1e9"]}, id="no amount"),
        pytest.param({"vendor": ["ibm", "aer"]}, id="one thing twice"),
        pytest.param({"text": ["x" * 513]}, id="too long"),
    ],
)
def test_what_means_nothing_is_refused(given):
    with pytest.raises(SearchRefusedError):
        wanted(given)


def test_a_filter_survives_a_link():
    given = {
        "type": ["job.*", "halt.set"],
        "since": ["2026-01-01T00:00:00.000000Z"],
        "decision": ["denied"],
        "fallback": ["no"],
        "cost_from": ["1.50"],
        "text": ["a b*"],
    }
    links = {}
    for name, value in asked(wanted(given)):
        links.setdefault(name, []).append(value)

    assert links == given


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1" * 19])
async def test_a_cursor_of_somebody_elses_is_refused(library, cursor):
    with pytest.raises(SearchRefusedError, match="begin again"):
        await library.search.find(Filter(), Scope(), cursor=cursor)


@pytest.mark.parametrize("unknown", [{"project": "gamma"}, {"principal": "mallory"}])
async def test_an_unknown_name_is_not_found(library, unknown):
    with pytest.raises(NotFoundError):
        await library.search.find(Filter(**unknown), Scope())


# ── of a rule's denials only its own ─────────────────────────────────────────────────────────────
@pytest.fixture
async def warned(library):
    """Jobs that `circuits/depth` warned of and the budget denied, each between two that it denied itself."""
    places = []
    for number in range(7):
        if number % 2:
            await library.denied("budget/money", decision={"id": "d", "warn": ["circuits/depth"]})
        else:
            places.append(await library.denied("circuits/depth", tried=[{"rules": ["backend/online"]}]))
    await library.permitted("j-1", decision={"id": "d", "warn": ["circuits/depth"]})
    await library.search.index.follow()
    return library, places


async def test_a_rule_is_not_blamed_for_what_it_only_warned_of(warned):
    library, places = warned

    assert await library.seqs(decision="denied", rule="circuits/depth") == places
    assert await library.seqs(decision="denied", rule="backend/online") == []
    assert len(await library.seqs(rule="circuits/depth")) == 8


@pytest.mark.parametrize("ascending", [True, False])
async def test_pages_of_what_a_rule_denied_are_full_and_end(warned, monkeypatch, ascending):
    """Several portions are looked up for each page."""
    library, places = warned
    monkeypatch.setattr(store_search, "LOOKED_UP", 1)
    wished = wanted({"decision": ["denied"], "rule": ["circuits/depth"]})
    pages, cursor = [], None

    while not pages or cursor:
        page = await library.search.find(wished, Scope(), limit=2, cursor=cursor, ascending=ascending)
        pages.append([each.seq for each in page.found])
        cursor = page.cursor

    ordered = places if ascending else places[::-1]
    assert pages == [ordered[:2], ordered[2:]]


async def test_an_export_has_what_a_rule_denied_and_no_more(warned):
    library, places = warned
    asked_for = wanted({"decision": ["denied"], "rule": ["circuits/depth"]})

    written = b"".join([part async for part in library.search.export(asked_for, Scope(), Form.JSONL)])

    assert written.count(b"\n") == len(places)


async def test_rules_that_are_offered_denied_something_that_people_find(warned):
    """What only warned, or only the self-test met, would lead to an empty list."""
    library, _ = warned
    library.projects["self-test"] = PROJECT
    await library.denied("access/role-may-submit", project="self-test", code="only-there")
    await library.search.index.follow()

    offered = await library.search.denying(Scope())
    people, everybody = [await library.search.choices(Scope(), synthetic=each) for each in (False, True)]

    assert offered == ("budget/money", "circuits/depth")
    assert all([await library.seqs(decision="denied", rule=rule) for rule in offered])
    assert set(everybody.rules) - set(people.rules) == {"access/role-may-submit"}
    assert set(everybody.codes) - set(people.codes) == {"only-there"}


# ── words that nothing has ───────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"rule": "circuit/depth"}, "rule 'circuit/depth'; known: backend/online, budget/m", id="a rule"),
        pytest.param({"vendor": "imb"}, "vendor 'imb'; known: ibm", id="a vendor"),
        pytest.param({"type": "job.denid"}, "the nearest: job.denied", id="an event code"),
        pytest.param({"type": "jobs.*"}, "the nearest: job.*", id="a noun"),
    ],
)
async def test_a_word_that_nothing_has_is_told_of(warned, given, said):
    library, _ = warned

    (told,) = await library.search.unheard(wanted({name: [value] for name, value in given.items()}), Scope())

    assert told.startswith("nothing in the ledger has the ")
    assert said in told


@pytest.mark.parametrize("given", [{"type": "key.revoked, job.*", "vendor": "ibm"}, {"rule": "circuits/depth"}, {}])
async def test_words_that_could_be_found_are_not_told_of(warned, given):
    library, _ = warned

    assert await library.search.unheard(wanted({name: [value] for name, value in given.items()}), Scope()) == ()


# ── counts of the start page ─────────────────────────────────────────────────────────────────────
async def test_what_came_in_lately_is_counted_by_type(week, monkeypatch):
    """More than PostgreSQL looks through one by one, so that both of its ways are taken."""
    library, _ = week
    monkeypatch.setattr(store_search, "WALKED", 4)
    began = library.clock.now() - timedelta(seconds=8)
    await library.search.index.follow()

    everything = await library.search.recent(Scope(), began)
    hers = await library.search.recent(Scope(project_ids=frozenset({library.projects["beta"]})), began)
    nothing = await library.search.recent(Scope(project_ids=frozenset()), began)

    once = ("job.forwarded", "job.completed", "job.denied", "job.failed", "halt.set", "request.refused")
    assert everything == {"job.permitted": 3, **dict.fromkeys(once, 1)}
    assert hers == {"job.permitted": 1, "job.failed": 1}
    assert nothing == {}


async def test_only_the_newest_are_counted(week, monkeypatch):
    library, _ = week
    monkeypatch.setattr(search_room, "COUNTED", 3)
    await library.search.index.follow()

    counts = await library.search.recent(Scope(), library.clock.now() - timedelta(days=1))

    assert counts == {"job.failed": 1, "halt.set": 1, "request.refused": 1}


async def test_the_self_tests_own_work_is_found_only_where_it_is_asked_for(library):
    """Ten entries a minute would bury what people did; what verifies or exports the ledger leaves out nothing."""
    library.projects["self-test"] = PROJECT
    theirs, its = await library.permitted("j-1"), await library.permitted("j-2", "self-test")
    own = await library.tell("halt.set", None, scope="vendor", target="ibm", reason="r", by="operator")
    await library.search.index.follow()

    async def seqs(**given):
        page = await library.search.find(wanted({name: [value] for name, value in given.items()}), Scope())
        return {each.seq for each in page.found} & {theirs, its, own}

    assert await seqs() == {theirs, own}
    assert await seqs(type="job.permitted") == {theirs}
    assert await seqs(type="job.permitted", synthetic="no") == {theirs}
    assert await seqs(synthetic="yes") == {theirs, its, own}
    assert await seqs(type="job.permitted", synthetic="yes") == {theirs, its}
    assert await seqs(job="j-2") == {its}
    assert (await library.search.recent(Scope(), library.clock.now() - timedelta(hours=1)))["job.permitted"] == 1
    exported = [part async for part in library.search.export(Filter(types=("job.permitted",)), Scope(), Form.JSONL)]
    assert b"".join(exported).count(b"j-2") > 0
