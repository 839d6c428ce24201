"""Keeping obligations: what is sent is what policy obliged to, and what cannot be kept denies."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from gateway.circuits.sandbox import UnreadablePayloadError
from gateway.domain import restoring
from gateway.domain.changes import Change, Changes, Edited, Obliged, Undo
from gateway.domain.circuit import ProgramFacts
from gateway.domain.decision import Obligation
from gateway.domain.principal import Caller
from gateway.enforcement.obliged import (
    RULE,
    Keeper,
    NoLongerKeptError,
    UnkeptError,
    check_still_kept,
    unkept,
)
from gateway.enforcement.outgoing import Outbound
from gateway.routing.fleet import Berth, Fleet
from tests.fakes import values
from tests.fault.small_house import MEASURED, ToySandbox, ToyUpstream
from tests.policy.cast import KEY, PRINCIPAL, PROJECT, SUBMISSION
from tests.records import StillClock
from tests.unit.policy.decided import allowed

ALICE = Caller(principal=PRINCIPAL, project=PROJECT, key=KEY)
NOW = values.CALIBRATION.taken_at + timedelta(seconds=100)
AFTER = replace(MEASURED, total_shots=1)
CAP = Obligation(kind="cap-shots", parameters={"shots": 1})
SPLIT = Obligation(kind="split-shots", parameters={"shots": 1})
TAG = Obligation(kind="add-tags", parameters={"tags": ["team=qc"]})
HIDE = Obligation(kind="force-private", parameters={})


@dataclass
class Desk(ToySandbox):
    """A sandbox that changes bodies, and notes what it was asked to change in whose words."""

    asked: list[tuple[str, bytes, Changes]] = field(default_factory=list)
    refuses: str = ""
    problem: str = "unkept"
    undo: Undo = field(default_factory=lambda: Undo(registers=({"r0": "c"},)))
    after: ProgramFacts = AFTER

    async def edit(self, *, reader, body, changes, **_):
        self.asked.append((reader, body, changes))
        if self.refuses:
            raise UnreadablePayloadError(problem=self.problem, message=self.refuses)
        made = (Change(kind="cap-shots", place="/shots", words=f"changed as {reader}"),)
        return Edited(body=body + b" changed", made=made, undo=self.undo), self.after


def keeper(desk, upstream):
    fleet = Fleet([upstream])
    outbound = Outbound(fleet=fleet, vault=None, sandbox=desk, encoders=frozenset({"ionq", "ibm"}))
    return Keeper(sandbox=desk, fleet=fleet, outbound=outbound, clock=StillClock(NOW))


async def keep(*obligations, upstream=None, desk=None, **more):
    """Keep them for a job of IBM's dialect; gives what is kept, and the desk."""
    upstream, desk = upstream or ToyUpstream(name="ibm", dialect="ibm"), desk or Desk()
    berth = Berth(replace(upstream.backends()[0], upstream=upstream.name), upstream)
    kept = await keeper(desk, upstream).keep(ALICE, SUBMISSION, MEASURED, allowed(*obligations), berth, **more)
    return kept, desk


async def test_a_job_without_obligations_goes_as_it_came_and_costs_no_worker_a_turn():
    kept, desk = await keep()

    assert (kept.written, kept.made, kept.measured, kept.obliged) == (None, (), MEASURED, Obliged())
    assert desk.asked == []


async def test_everything_is_changed_at_once_where_its_words_are_spoken():
    kept, desk = await keep(CAP, TAG, HIDE)

    assert desk.asked == [
        ("ibm", SUBMISSION.body, Changes(most_shots=1, private=True, tags=("team=qc",))),
    ]
    assert kept.written == SUBMISSION.body + b" changed"
    assert kept.measured is AFTER
    assert kept.obliged.words == ("changed as ibm",)
    assert kept.tags == ("team=qc",)
    assert restoring.read(kept.document) == Undo(registers=({"r0": "c"},))


async def test_our_simulator_is_told_nothing_that_is_meant_for_a_vendor():
    kept, desk = await keep(CAP, TAG, HIDE, upstream=ToyUpstream())

    assert [changes for _, _, changes in desk.asked] == [Changes(most_shots=1)]
    assert kept.tags == ("team=qc",)


async def test_what_is_translated_is_changed_before_and_its_vendor_told_after():
    kept, desk = await keep(CAP, TAG, upstream=ToyUpstream(name="ionq", dialect="ionq"))

    (first, second), (translation,) = desk.asked, desk.translations
    assert first == ("ibm", SUBMISSION.body, Changes(most_shots=1))
    assert translation["body"] == SUBMISSION.body + b" changed"
    assert second[0] == "ionq"
    assert second[2] == Changes(tags=("team=qc",))
    assert kept.written == second[1] + b" changed"


async def test_what_is_moved_at_its_own_vendor_is_written_anew():
    kept, desk = await keep(moved=True)

    assert len(desk.translations) == 1
    assert kept.written is not None
    assert kept.made == ()


@pytest.mark.parametrize("circuits", [300, 301], ids=["as many as it takes", "one too many"])
async def test_a_job_in_parts_is_no_more_circuits_than_its_backend_takes(circuits):
    after = replace(MEASURED, circuits=MEASURED.circuits[:1] * circuits)
    desk = Desk(undo=Undo(parts=((1,) * circuits,)), after=after)

    if circuits == values.BACKEND.max_circuits:
        kept, _ = await keep(SPLIT, desk=desk)
        assert restoring.read(kept.document).parts == desk.undo.parts
    else:
        with pytest.raises(UnkeptError, match="it is 301 circuits, and sim_line_5 takes at most 300"):
            await keep(SPLIT, desk=desk)


async def test_a_job_in_parts_is_not_put_into_another_vendors_words():
    desk = Desk(undo=Undo(parts=((1, 1),)))

    with pytest.raises(UnkeptError, match="written anew"):
        await keep(SPLIT, desk=desk, upstream=ToyUpstream(name="ionq", dialect="ionq"))


async def test_what_cannot_be_changed_is_not_sent_as_it_came():
    with pytest.raises(UnkeptError, match="has no room"):
        await keep(CAP, desk=Desk(refuses="it has no room"))


async def test_a_vendor_that_stops_no_job_gets_none_that_must_be_stopped():
    upstream = ToyUpstream(name="ionq", dialect="ionq")
    upstream.bounds_time = False

    with pytest.raises(UnkeptError, match="cannot be told how long"):
        await keep(Obligation(kind="limit-execution", parameters={"seconds": 60}), upstream=upstream)


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        ("pin-region", {"regions": ["eu-de"]}, "only in eu-de"),
        ("require-calibration", {"max_age_seconds": 99}, "is 100 s old"),
    ],
)
async def test_a_place_that_lacks_what_is_demanded_is_none(kind, parameters, words):
    with pytest.raises(UnkeptError, match=words):
        await keep(Obligation(kind=kind, parameters=parameters))


async def test_what_a_reader_says_of_a_body_is_in_no_reason():
    """The reason goes into the ledger, from which nothing is erased."""
    with pytest.raises(UnkeptError) as refused:
        await keep(CAP, desk=Desk(refuses="no gate 'gravity-drive'", problem="gate"))

    assert str(refused.value) == "its body cannot be read any more once it is changed"


async def test_two_regions_without_one_in_common_are_nowhere():
    regions = [Obligation(kind="pin-region", parameters={"regions": [name]}) for name in ("local", "eu-de")]

    with pytest.raises(UnkeptError, match="no region at all"):
        await keep(*regions)


async def test_what_is_demanded_of_the_place_is_remembered_with_the_job():
    kept, _ = await keep(
        Obligation(kind="pin-region", parameters={"regions": ["local"]}),
        Obligation(kind="require-calibration", parameters={"max_age_seconds": 100}),
    )

    assert kept.obliged == Obliged(calibration_seconds=100, regions=("local",))


@pytest.mark.parametrize("late", [0, 1], ids=["in time", "a second too late"])
def test_a_calibration_is_looked_at_once_more_before_the_job_leaves(late):
    upstream = ToyUpstream()
    fleet, clock = Fleet([upstream]), StillClock(NOW + timedelta(seconds=late))
    obliged = Obliged(calibration_seconds=100)

    if late:
        with pytest.raises(NoLongerKeptError, match="101 s old"):
            check_still_kept(obliged, values.BACKEND.name, fleet, clock)
    else:
        check_still_kept(obliged, values.BACKEND.name, fleet, clock)


def test_a_backend_that_is_gone_keeps_nothing():
    with pytest.raises(NoLongerKeptError, match="not listed"):
        check_still_kept(Obliged(regions=("local",)), "gone", Fleet([ToyUpstream()]), StillClock(NOW))


def test_a_backend_without_calibration_has_no_fresh_one():
    upstream = ToyUpstream()
    upstream.calibration = lambda *_, **__: None

    with pytest.raises(NoLongerKeptError, match="has no calibration"):
        check_still_kept(Obliged(calibration_seconds=9), values.BACKEND.name, Fleet([upstream]), StillClock(NOW))


def test_what_cannot_be_kept_is_a_denial_of_the_engines():
    """So a replay knows that policy had said yes, and does not count it as a change of mind."""
    denied = unkept(allowed(CAP), UnkeptError("it has no room"))

    assert (denied.allow, denied.placement) == (False, None)
    assert [finding.rule for finding in denied.deny] == [RULE]
    assert "it has no room" in denied.deny[0].message
