"""Backends and calibrations from memory: refreshed by clocks, believed for a while, changes and gaps told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.domain.backend import ExecutionKind, GateCalibration
from gateway.domain.circuit import CircuitFacts, ProgramFacts
from gateway.domain.errors import NotFoundError
from gateway.ports.vendor import AnswerLostError, VendorCredentialError, VendorUnreachableError
from gateway.vendors.calibrations import digest
from tests.unit.vendors.acme import LAB, NOON, report, snapshot

AWAY = VendorUnreachableError("away")


def names(house):
    return [backend.name for backend in house.upstream.backends()]


async def test_backends_are_known_when_the_start_is_over(make_house):
    house = await make_house()

    assert names(house) == ["qpu"]
    assert house.upstream.status("qpu").queue_length == 3
    assert (house.upstream.name, house.upstream.dialect, house.upstream.kind) == ("acme", "acme", "hardware")
    assert house.counted("gateway_vendor_queue_length", "acme", "qpu") == 3


async def test_a_vendor_that_is_away_does_not_stop_the_start(make_house):
    with capture_logs():
        house = await make_house(before=lambda house: house.acme.answers("backends", AWAY))

    assert names(house) == []
    with pytest.raises(NotFoundError):
        house.upstream.status("qpu")


async def test_what_is_known_stays_and_is_offline_once_it_is_old(house):
    house.acme.answers("backends", AWAY)
    with capture_logs():
        await house.time.passes(110)
        assert names(house) == ["qpu"]
        await house.time.passes(20)

    status = house.upstream.status("qpu")
    assert not status.online
    assert status.message == "acme has not been heard of for 130 s"
    assert names(house) == ["qpu"]


async def test_the_refresh_keeps_its_pace(house):
    await house.time.passes(100)

    assert house.acme.times("backends") == [0, 30, 60, 90]


async def test_changes_are_told_and_first_sight_of_what_is_online_is_no_news(house):
    house.acme.answers(
        "backends",
        [report(online=False, message="Maintenance until noon")],
        [report(online=False, message="laser off")],
        [report()],
        [],
    )
    await house.time.passes(125)

    assert [body for _, body in house.outside.events("backend.changed")] == [
        {"vendor": "acme", "backend": "qpu", "state": state} for state in ("maintenance", "offline", "online", "gone")
    ]
    assert names(house) == []


async def test_each_account_sees_its_own_and_one_without_rights_hides_nothing(make_house):
    def two(house):
        house.outside.live.append(LAB)
        house.acme.answers(
            "backends", [report()], [report("private")], VendorCredentialError(vendor="acme", status=401, words="no")
        )

    house = await make_house(before=two)
    with capture_logs():
        await house.time.passes(31)
    assert sorted(names(house)) == ["private", "qpu"]

    house.outside.live.remove(LAB)
    with capture_logs():
        await house.time.passes(30)
    assert names(house) == ["qpu"]


async def test_a_defect_of_the_adapter_is_no_outage(house):
    """A field that was renamed must not stop jobs that are followed by id; it is logged, and gets old."""
    house.acme.answers("backends", KeyError("renamed"))
    with capture_logs() as logs:
        await house.time.passes(100)

    assert house.upstream.status("qpu").online
    assert {line["event"] for line in logs} == {"vendor.failed"}


async def test_a_probe_that_nobody_understands_does_not_prove_recovery(house):
    house.acme.answers("backends", *[AWAY] * 5, KeyError("odd"), [report()])
    with capture_logs():
        await house.time.passes(151)
        assert house.outside.events("vendor.degraded")
        await house.time.passes(5)
        assert len(house.acme.times("backends")) == 7
        assert not house.outside.events("vendor.recovered")
        await house.time.passes(15)

    assert house.outside.events("vendor.recovered")


# ── calibrations ─────────────────────────────────────────────────────────────────────────────────
async def test_snapshots_are_recorded_before_they_are_shown_and_kept_as_history(house):
    house.acme.answers("calibration", snapshot(10), snapshot(10), snapshot(20))
    await house.time.passes(5)
    first = house.upstream.calibration("qpu")
    await house.time.passes(3600)

    (one, _, two) = house.outside.events("calibration.recorded")
    assert one[1] == {
        "vendor": "acme",
        "backend": "qpu",
        "digest": first.digest,
        "taken_at": "2026-03-01T12:00:00.000000Z",
    }
    assert two[1]["digest"] == house.upstream.calibration("qpu").digest != first.digest
    assert house.upstream.calibration("qpu").taken_at == NOON + timedelta(minutes=20)
    assert house.upstream.calibration("qpu", before=NOON + timedelta(minutes=15)).taken_at == NOON + timedelta(
        minutes=10
    )
    assert house.upstream.calibration("qpu", before=NOON - timedelta(minutes=1)) is None
    assert house.upstream.calibration("none") is None


async def test_after_a_restart_the_stored_history_counts_before_the_vendor_answers(make_house):
    def earlier_run(house):
        house.outside.snapshots = [replace(snapshot(minute), digest=digest(snapshot(minute))) for minute in (20, 10)]
        house.acme.answers("calibration", AnswerLostError("away"), snapshot(20))

    house = await make_house(before=earlier_run)

    assert house.upstream.calibration("qpu").taken_at == NOON + timedelta(minutes=20)
    assert house.upstream.calibration("qpu", before=NOON + timedelta(minutes=15)).taken_at == NOON + timedelta(
        minutes=10
    )
    await house.time.passes(3600)
    assert not house.outside.events("calibration.recorded")


async def test_history_is_bounded(make_house):
    house = await make_house(calibrations_kept=2, calibration_seconds=10)
    house.acme.answers("calibration", *[snapshot(minute) for minute in range(1, 9)])
    await house.time.passes(300)

    assert house.upstream.calibration("qpu", before=NOON + timedelta(minutes=6)) is None
    assert house.upstream.calibration("qpu", before=NOON + timedelta(minutes=7)) is not None


async def test_a_snapshot_is_addressed_by_what_was_measured():
    gate = GateCalibration(gate="cx", qubits=(0, 1), error=0.01, length_seconds=1e-7)
    base = snapshot()

    assert digest(base) == digest(replace(base, digest="other", provenance={"id": "elsewhere"}))
    assert len({digest(each) for each in (base, replace(base, gates=(gate,)), snapshot(1), snapshot(backend="b"))}) == 4


async def test_a_gap_is_told_when_it_begins_and_when_it_ends(make_house):
    house = await make_house(calibration_seconds=60)
    await house.time.passes(10)
    house.acme.answers("calibration", AnswerLostError("lost"))
    with capture_logs():
        await house.time.passes(300)
        assert len(house.outside.events("calibration.missed")) == 1
        house.acme.answers("calibration", snapshot(9))
        await house.time.passes(60)

    (begins, ends) = [body for _, body in house.outside.events("calibration.missed")]
    assert begins == {"vendor": "acme", "backend": "qpu", "since": begins["since"]}
    assert ends["since"] == begins["since"] < ends["until"]


async def test_a_gap_is_noticed_while_the_vendor_is_left_alone(make_house):
    house = await make_house(calibration_seconds=60)
    await house.time.passes(10)
    for question in ("backends", "calibration"):
        house.acme.answers(question, AWAY)
    with capture_logs():
        await house.time.passes(600)

    assert len(house.outside.events("calibration.missed")) == 1


async def test_simulators_have_no_calibration_and_are_what_they_are(make_house):
    both = [report(), report("sim", kind=ExecutionKind.SIMULATOR)]
    house = await make_house(before=lambda house: house.acme.answers("backends", both))
    await house.time.passes(10)

    assert {about for _, question, about in house.acme.asked if question == "calibration"} == {"qpu"}
    assert [backend.kind for backend in house.upstream.backends()] == ["hardware", "simulator"]


async def test_the_age_of_the_newest_is_a_metric(house):
    await house.time.passes(100)

    assert house.counted("gateway_vendor_calibration_age_seconds", "acme", "qpu") == pytest.approx(100, abs=6)


# ── what fits ────────────────────────────────────────────────────────────────────────────────────
def circuit(*, qubits=5, shots=1000):
    known = dict.fromkeys(CircuitFacts.__annotations__, 0)
    return CircuitFacts(
        **{**known, "digest": "", "gates": {}, "gates_by_arity": {}, "qubits_used": qubits, "shots": shots}
    )


@pytest.mark.parametrize(
    ("circuits", "words"),
    [
        ([circuit()] * 3, ""),
        ([circuit()] * 4, "4 circuits, qpu takes at most 3"),
        ([circuit(qubits=6)], "6 qubits used, qpu has 5"),
        ([circuit(shots=1001)], "1001 shots per circuit, qpu takes at most 1000"),
    ],
)
async def test_hardware_says_yes_to_what_fits(house, circuits, words):
    facts = ProgramFacts(circuits=tuple(circuits), total_shots=1, estimated_seconds=1, digest="", payload_versions=())
    judged = house.upstream.feasible(facts, house.upstream.backends()[0], {})

    assert (judged.feasible, judged.reason) == (not words, words)
    assert house.upstream.options_not_applied("p", {"a": 1}) == ()
