"""Which Braket devices there are, how they are, and their calibrations, against the strict fake."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.backend import ExecutionKind
from gateway.domain.errors import NotFoundError
from gateway.ports.vendor import (
    AnswerLostError,
)
from tests.fakes.vendors.aws.calls import ANKAA, FORTE, GARNET, SV1
from tests.fakes.vendors.serving import BackendChange
from tests.unit.braket.asking import asking, dispatch

NIGHT = [{"executionDay": "Everyday", "windowStartHour": "03:00:00", "windowEndHour": "03:00:00"}]


async def reports(aws, **attributes):
    return {each.backend.name: each for each in await aws.vendor.backends(aws.call(**attributes))}


async def test_the_devices_of_all_regions_are_listed_once_and_retired_ones_are_not():
    async with asking() as aws:
        found = await reports(aws)

    assert set(found) == {FORTE, SV1, ANKAA, GARNET}
    assert {each.backend.kind for name, each in found.items() if name != SV1} == {ExecutionKind.HARDWARE}
    assert found[SV1].backend.kind is ExecutionKind.SIMULATOR
    assert (found[GARNET].backend.region, found[SV1].backend.region) == ("eu-north-1", "us-east-1")
    assert (found[GARNET].backend.qubits, found[GARNET].backend.max_shots) == (20, 20_000)
    assert found[GARNET].backend.basis_gates == ("cz", "prx")
    assert (1, 2) in found[GARNET].backend.coupling_map
    assert found[FORTE].backend.coupling_map == ()
    assert all(each.status.online for each in found.values())
    assert aws.fake.verdicts == Counter()


async def test_a_device_is_online_when_it_says_so_and_a_window_is_open():
    async with asking() as aws:
        aws.clock.moment = datetime.now(UTC).replace(microsecond=0)
        aws.fake.change(BackendChange(backend="Garnet", online=False))
        aws.fake.change(BackendChange(backend="Forte 1", queue_length=4001))
        aws.fake.devices[ANKAA].windows = NIGHT
        found = await reports(aws)

    assert (found[GARNET].status.online, found[GARNET].status.message) == (False, "offline")
    assert (found[ANKAA].status.online, found[ANKAA].status.message) == (False, "outside its execution windows")
    assert (found[FORTE].status.online, found[FORTE].status.queue_length) == (True, 4000)


async def test_descriptions_are_asked_for_now_and_then_and_statuses_every_time():
    async with asking() as aws:
        await reports(aws)
        aws.fake.change(BackendChange(backend="Garnet", online=False))
        again = await reports(aws)
        asked_once = aws.fake.requests["GET /device/{deviceArn}"]
        aws.clock.moment += timedelta(minutes=4)
        await reports(aws)

    assert not again[GARNET].status.online
    assert (asked_once, aws.fake.requests["GET /device/{deviceArn}"]) == (4, 8)
    assert aws.opened == 3


async def test_a_region_that_is_away_takes_nothing_from_the_others():
    async with asking() as aws:
        before = await reports(aws)
        aws.fails("POST /devices", "status", status=503)
        after = await reports(aws)

    assert set(after) == set(before)
    away = [each.status.message for each in after.values() if not each.status.online]
    assert away
    assert len(away) < len(after)
    assert all(re.fullmatch(r"[a-z]+-[a-z]+-1 does not answer", message) for message in away)


async def test_when_no_region_answers_the_vendor_is_away():
    async with asking() as aws:
        await reports(aws)
        aws.fails("POST /devices", "status", times=3, status=503)

        with pytest.raises(AnswerLostError, match="503"):
            await reports(aws)


async def test_an_account_sees_only_the_regions_it_uses():
    async with asking() as aws:
        found = await reports(aws, regions="eu-north-1")

        assert set(found) == {GARNET, SV1}
        assert found[SV1].backend.region == "eu-north-1"
        with pytest.raises(NotFoundError, match="Forte"):
            aws.vendor.prepare(aws.call(regions="eu-north-1").account, dispatch(FORTE))


async def test_standardized_properties_are_a_snapshot_by_content():
    async with asking() as aws:
        first, again = [await aws.vendor.calibration(aws.call(), GARNET) for _ in range(2)]
        aws.fake.change(BackendChange(backend="Garnet", recalibrate=True))
        later = await aws.vendor.calibration(aws.call(), GARNET)

    assert first == again
    assert later.digest != first.digest
    assert later.taken_at > first.taken_at
    # Garnet counts its qubits from 1.
    assert len(first.qubits) == 21
    assert (first.qubits[0].readout_error, 0 < first.qubits[1].readout_error < 0.5) == (1.0, True)
    assert 0 < first.qubits[20].t1_seconds < 1e-3
    assert {(gate.gate, len(gate.qubits)) for gate in first.gates} == {("1q", 1), ("cz", 2)}


async def test_means_of_a_device_are_everybodys_and_a_simulator_has_none():
    async with asking() as aws:
        means = await aws.vendor.calibration(aws.call(), FORTE)
        none = await aws.vendor.calibration(aws.call(), SV1)

    assert (len(means.qubits), len(set(means.qubits)), means.qubits[0].t1_seconds) == (36, 1, 100.0)
    assert Counter(gate.gate for gate in means.gates) == {"1q": 36, "2q": 36 * 35 // 2}
    assert means.provenance["resolution"] == "means"
    assert none is None
