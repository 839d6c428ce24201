"""What is lifted and what is in shadow as rows, on each database."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert

from gateway.domain.clock import rfc3339
from gateway.domain.leniency import BreakGlass, Override, Stop
from gateway.domain.shadow import Example, Shadow
from gateway.store import leniency, rows, shadows, surges
from gateway.store.search_tables import audit_index

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHADOW = Shadow(id="s-1", policy_revision="a" * 64, data_revision="b" * 64, reason="r", at=NOW)


def override(id_, **changes):
    made = {"project_id": "pr-1", "principal_id": None, "until": NOW + HOUR, **changes}
    return Override(id=id_, rule="circuits/depth", reason="r", by="p-9", at=NOW, **made)


def glass(id_, **changes):
    made = {"lapses_at": NOW + HOUR, **changes}
    return BreakGlass(id=id_, reason="r", seconds=60, requested_by="p-1", requested_at=NOW, **made)


async def put(database, *writes):
    await database.transact(lambda connection: rows.put(connection, writes))


async def test_what_is_over_is_not_read_into_memory(database):
    lasting, ended = override("o-1"), override("o-2", ended_at=NOW)
    over = override("o-3", until=NOW)
    broken, waiting = glass("g-1", confirmed_by="p-2", until=NOW + HOUR), glass("g-2")
    late, withdrawn = glass("g-3", lapses_at=NOW), glass("g-4", ended_at=NOW)
    stop = Stop(id="x", rule="circuits/depth", denied=4, decided=9, at=NOW, resumed_at=NOW)
    every = (lasting, ended, over, broken, waiting, late, withdrawn, stop)
    await put(database, *map(leniency.write, every))

    async with database.reading() as connection:
        assert await leniency.overrides(connection, since=NOW) == [lasting]
        assert await leniency.overrides(connection) == [lasting, ended, over]
        assert await leniency.glasses(connection, since=NOW) == [broken, waiting]
        assert await leniency.glasses(connection) == [broken, waiting, late, withdrawn]
        assert await leniency.stops(connection) == [stop]


async def test_processes_add_up_what_they_count(database):
    await put(database, shadows.write(SHADOW))
    counted = {("compared", ""): 2, ("allow-to-deny", ""): 1, ("allow-to-deny", "circuits/depth"): 1}
    found = [Example(decision_id="d-1", kind="allow-to-deny", rules=("circuits/depth", "circuits/shots"))]
    work = partial(shadows.add, shadow_id=SHADOW.id, counted=counted, found=found)

    await asyncio.gather(*(database.transact(work) for _ in range(3)))

    async with database.reading() as connection:
        assert await shadows.counts(connection, SHADOW.id) == {key: 3 * value for key, value in counted.items()}
        assert await shadows.examples(connection, SHADOW.id, most=9) == found
        assert await shadows.newest(connection) == SHADOW


@pytest.fixture
async def decided(database):
    """Some decisions in the index of the ledger."""
    texts = ("event_id", "reason", "terms")
    made = [
        ("pr-1", "ada", "denied", "circuits/depth"),
        ("pr-1", "ada", "denied", "circuits/shots circuits/depth"),
        ("pr-1", "ben", "denied", "circuits/depth-of-two circuits/shots"),
        ("pr-1", "ben", "permitted", "circuits/depth"),
        ("pr-1", "ben", "refused", "circuits/depth"),
        ("pr-2", "ada", "denied", "circuits/depth"),
    ]
    values = [
        {"seq": seq, "at": rfc3339(NOW), "type": "x", "project_id": project, "subject": who, "ruling": ruling}
        | {"rules": said, **dict.fromkeys(texts, "")}
        for seq, (project, who, ruling, said) in enumerate(made)
    ]
    values.append({**values[0], "seq": 99, "at": rfc3339(NOW - HOUR)})
    await database.transact(lambda connection: connection.execute(insert(audit_index), values))


@pytest.mark.usefixtures("decided")
async def test_denials_are_counted_by_project_and_person(database):
    """A rule whose name begins alike, a warning, and what the books refused are none."""
    async with database.reading() as connection:
        found = await surges.tallies(connection, "circuits/depth", since=NOW)

    assert {(each.project_id, each.subject, each.decided, each.denied) for each in found} == {
        ("pr-1", "ada", 2, 2),
        ("pr-1", "ben", 2, 0),
        ("pr-2", "ada", 1, 1),
    }
