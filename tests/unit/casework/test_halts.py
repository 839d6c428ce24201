"""Halts as operators set and lift them: recorded, aimed at what exists, and with a reason for whom they stop."""

import pytest

from gateway.casework.halts import HaltReasonError
from gateway.casework.names import UnknownNameError
from gateway.casework.projects import Terms
from gateway.domain.errors import UnavailableError
from gateway.domain.halt import Scope


@pytest.fixture
def halts(office):
    return office.administration.halts


@pytest.fixture
async def chemistry(office):
    return await office.administration.projects.create(name="chemistry", terms=Terms())


async def test_a_halt_of_a_project_stops_that_project_alone(office, halts, chemistry):
    halt = await halts.set(Scope.PROJECT, "chemistry", reason="a leak is looked into")

    assert await halts.every() == [halt]
    assert halt.stops(project_id=chemistry.id, upstream=None)
    assert not halt.stops(project_id="another", upstream=None)
    (entry,) = await office.entries("halt.set")
    assert entry.project_id == chemistry.id
    assert (entry.body["halt"], entry.body["scope"], entry.body["target"]) == (halt.id, "project", chemistry.id)
    assert entry.body["reason"] == "a leak is looked into"


@pytest.mark.parametrize("vendor", ["acme", "sim"])
async def test_a_halt_of_a_vendor_or_a_simulator_stops_what_runs_there(halts, vendor):
    halt = await halts.set(Scope.VENDOR, vendor, reason="maintenance")

    assert halt.stops(project_id="any", upstream=vendor)
    assert not halt.stops(project_id="any", upstream="elsewhere")
    assert not halt.stops(project_id="any", upstream=None)


async def test_a_halt_of_everything_stops_everything(halts):
    assert (await halts.set(Scope.ALL, reason="drill")).stops(project_id="any", upstream=None)


@pytest.mark.parametrize(("scope", "known"), [(Scope.PROJECT, "chemistry"), (Scope.VENDOR, "acme, sim")])
async def test_a_halt_that_would_stop_nothing_is_refused(office, halts, chemistry, scope, known):
    """A slip of the finger must not look like a stop."""
    with pytest.raises(UnknownNameError, match=f"known: {known}"):
        await halts.set(scope, "typo", reason="drill")

    assert await halts.every() == []
    assert await office.entries("halt.set") == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines", "\x1b[31mred"])
async def test_a_reason_that_nobody_can_read_is_refused(halts, reason):
    with pytest.raises(HaltReasonError):
        await halts.set(Scope.ALL, reason=reason)


async def test_the_longest_reason_is_taken(halts):
    assert (await halts.set(Scope.ALL, reason="x" * 200)).reason == "x" * 200


async def test_a_lifted_halt_stops_nothing_and_stays_listed(office, halts):
    halt = await halts.set(Scope.ALL, reason="drill")
    lifted = await halts.lift(halt.id)

    assert not lifted.stops(project_id="any", upstream=None)
    assert await halts.every() == [lifted]
    assert (await halts.lift(halt.id)) == lifted
    (entry,) = await office.entries("halt.lifted")
    assert entry.body["halt"] == halt.id


async def test_two_halts_are_lifted_one_by_one(halts):
    """Each has its reason, and may be somebody else's."""
    first, second = [await halts.set(Scope.ALL, reason=reason) for reason in ("leak", "drill")]
    await halts.lift(second.id)

    assert [each.id for each in await halts.every() if each.lifted_at is None] == [first.id]


async def test_a_halt_that_is_not_there_is_not_lifted(halts):
    halt = await halts.set(Scope.ALL, reason="drill")

    with pytest.raises(UnknownNameError, match=f"known: {halt.id}"):
        await halts.lift("typo")


async def test_a_halt_that_could_not_be_recorded_is_none(office, halts):
    await office.writer.close()

    with pytest.raises(UnavailableError):
        await halts.set(Scope.ALL, reason="drill")

    assert await halts.every() == []
