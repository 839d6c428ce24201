"""Who looks people up, and who takes entries away, is in the ledger too; looking at one's own work is not."""

from dataclasses import replace

import pytest

from gateway.casework import looks
from gateway.casework.filters import wanted
from gateway.casework.formats import Form
from gateway.domain.errors import UnavailableError
from gateway.domain.search import Filter, Scope

AUDITOR = "0197-auditor"
EVERYTHING = Scope(reader=AUDITOR)


@pytest.fixture
async def about(library):
    """A library in which something is known of Alice."""
    await library.denied("budget/money")
    await library.search.index.follow()
    return library


def hers(library):
    return Scope(project_ids=frozenset({library.projects["alpha"]}), reader=library.people["alice"])


async def told(library, type_):
    found = await library.search.inspection.entries(since=0, limit=500, type_=type_)
    return [each.body for each in found]


async def find(library, scope=EVERYTHING, **given):
    return await library.search.find(wanted({name: [value] for name, value in given.items()}), scope)


async def export(library, scope, form=Form.CSV, **given):
    filter_ = wanted({name: [value] for name, value in given.items()})
    return b"".join([part async for part in library.search.export(filter_, scope, form)])


async def test_looking_a_person_up_leaves_an_entry_that_names_nobody(about):
    await find(about, principal="alice", since="2026-01-01", text="alice")

    (body,) = await told(about, "audit.searched")
    assert body["about"] == {"principal": about.digest("alice")}
    assert body["by"] == about.vault.subject(AUDITOR)
    assert body["filter"] == {"principal": None, "since": "2026-01-01T00:00:00.000000Z", "text": None}


async def test_looking_a_key_up_does_so_too(about):
    await find(about, key="k-1")

    (body,) = await told(about, "audit.searched")
    assert body["about"] == {"key": about.vault.subject("k-1")}


async def test_turning_pages_leaves_no_second_entry_and_an_hour_later_does(about):
    for _ in range(3):
        await find(about, principal="alice")
    once = len(await told(about, "audit.searched"))
    about.clock.advance(looks.AGAIN.total_seconds())
    await find(about, principal="alice")

    assert (once, len(await told(about, "audit.searched"))) == (1, 2)


async def test_each_person_and_each_reader_is_another_question(about):
    await find(about, principal="alice")
    await find(about, principal="bob")
    await find(about, Scope(reader="another"), principal="alice")

    assert len(await told(about, "audit.searched")) == 3


async def test_what_is_remembered_is_bounded(about, monkeypatch):
    monkeypatch.setattr(looks, "_REMEMBERED", 2)
    for person in ("alice", "bob", "0" * 64, "alice"):
        await find(about, principal=person)

    assert len(await told(about, "audit.searched")) == 4
    assert len(about.search.looks.told) == 2


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="everything"),
        pytest.param({"rule": "budget/money"}, id="a rule"),
        pytest.param({"job": "j-1"}, id="a job"),
        pytest.param({"text": "calibration"}, id="words"),
    ],
)
async def test_a_search_that_is_about_nobody_leaves_none(about, given):
    await find(about, **given)

    assert await told(about, "audit.searched") == []


async def test_looking_at_ones_own_project_leaves_none(about):
    await find(about, hers(about), principal="alice")

    assert await told(about, "audit.searched") == []


async def test_following_somebody_leaves_an_entry(about):
    news = about.search.tail(Filter(principal="alice"), EVERYTHING)
    await anext(news)
    await news.aclose()

    assert len(await told(about, "audit.searched")) == 1


async def test_an_export_is_recorded_before_its_first_line(about):
    text = await export(about, EVERYTHING, principal="alice")

    (body,) = await told(about, "audit.exported")
    assert b"alice" in text
    assert (body["format"], body["about"], body["projects"]) == ("csv", {"principal": about.digest("alice")}, None)


async def test_a_lead_who_exports_the_projects_entries_is_recorded(about):
    await export(about, hers(about))

    (body,) = await told(about, "audit.exported")
    assert body["projects"] == [about.projects["alpha"]]


async def test_a_scientist_who_exports_what_is_her_own_is_not(about):
    own = replace(hers(about), subject=about.digest("alice"))

    await export(about, own)

    assert await told(about, "audit.exported") == []


@pytest.mark.parametrize("how", [find, export])
async def test_what_cannot_be_recorded_is_not_shown(about, monkeypatch, how):
    monkeypatch.setattr(type(about.search.looks.entries.ledger), "record", _full)

    with pytest.raises(UnavailableError, match="full"):
        await how(about, EVERYTHING, principal="alice")


async def test_a_search_that_could_not_be_recorded_is_recorded_by_the_next(about, monkeypatch):
    ledger = type(about.search.looks.entries.ledger)
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "record", _full)
        with pytest.raises(UnavailableError):
            await find(about, principal="alice")

    await find(about, principal="alice")

    assert len(await told(about, "audit.searched")) == 1


async def _full(*_, **__):
    raise UnavailableError("the disk is full")


async def test_the_gateways_own_reading_is_not_recorded(about):
    """Scheduled exports were recorded when they were set up, and read the whole ledger every hour."""
    await find(about, Scope(), principal="alice")
    await export(about, Scope())

    assert await told(about, "audit.searched") == []
    assert await told(about, "audit.exported") == []
