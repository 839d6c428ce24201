"""The fake's devices as Braket describes them, and the command line that serves them."""

import asyncio
import contextlib
import json
import sys
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.fakes.vendors.aws import FakeAws, Key
from tests.fakes.vendors.aws.calls import ANKAA, FORTE, GARNET, SV1, Calls
from tests.fakes.vendors.aws.devices import REGIONS, devices
from tests.fakes.vendors.serving import BackendChange, running

PLACES = [(GARNET, "eu-north-1"), (FORTE, "us-east-1"), (ANKAA, "us-west-1"), (SV1, "eu-west-2")]


@contextlib.asynccontextmanager
async def fake():
    vendor = FakeAws()
    async with running(vendor) as url:
        yield vendor, Calls(url)


async def described(calls, arn, region):
    return json.loads((await calls("braket", "get_device", region=region, deviceArn=arn))["deviceCapabilities"])


async def test_every_region_lists_its_own_devices_and_the_simulator():
    async with fake() as (_, calls):
        found = {region: await calls("braket", "search_devices", region=region, filters=[]) for region in REGIONS}

    names = {region: [each["deviceName"] for each in answer["devices"]] for region, answer in found.items()}
    assert names == {
        "us-east-1": ["Forte 1", "SV1"],
        "us-west-1": ["Ankaa-3", "Aspen-M-3", "SV1"],
        "us-west-2": ["SV1"],
        "eu-west-2": ["SV1"],
        "eu-north-1": ["Garnet", "SV1"],
    }


async def test_devices_are_found_by_arn():
    async with fake() as (_, calls):
        wanted = {"name": "deviceArn", "values": [SV1]}
        found = await calls("braket", "search_devices", filters=[wanted])

    assert [each["deviceArn"] for each in found["devices"]] == [SV1]


@pytest.mark.parametrize(("arn", "region"), PLACES)
async def test_a_device_describes_price_windows_and_actions(arn, region):
    async with fake() as (_, calls):
        told = await described(calls, arn, region)

    assert told["service"]["deviceCost"]["price"] > 0
    assert told["service"]["executionWindows"]
    assert "braket.ir.openqasm.program" in told["action"]
    assert told["paradigm"]["qubitCount"] == len(devices()[arn].qubits)


@pytest.mark.parametrize(("arn", "region"), [(GARNET, "eu-north-1"), (ANKAA, "us-west-1")])
async def test_every_qubit_and_every_coupling_is_calibrated(arn, region):
    async with fake() as (_, calls):
        told = await described(calls, arn, region)

    graph = told["paradigm"]["connectivity"]["connectivityGraph"]
    pairs = {"-".join(sorted((one, other), key=int)) for one, others in graph.items() for other in others}
    assert set(told["standardized"]["twoQubitProperties"]) == pairs
    assert len(told["standardized"]["oneQubitProperties"]) == told["paradigm"]["qubitCount"]
    fidelities = [
        each["fidelity"]
        for qubit in told["standardized"]["oneQubitProperties"].values()
        for each in qubit["oneQubitFidelity"]
    ]
    assert all(0.5 < fidelity < 1 for fidelity in fidelities)


async def test_a_calibration_is_the_same_until_the_next_one():
    async with fake() as (vendor, calls):
        before = await described(calls, GARNET, "eu-north-1")
        same = await described(calls, GARNET, "eu-north-1")
        vendor.change(BackendChange(backend="Garnet", recalibrate=True))
        after = await described(calls, GARNET, "eu-north-1")

    assert before == same
    assert before["standardized"] != after["standardized"]
    assert before["service"]["updatedAt"] < after["service"]["updatedAt"]


async def test_a_calibration_can_be_dated_and_made_stale():
    dated = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    async with fake() as (vendor, calls), aiohttp.ClientSession(calls.url) as session:
        vendor.change(BackendChange(backend=GARNET, calibrated_at=dated))
        fresh = await described(calls, GARNET, "eu-north-1")
        rules = {"rules": [{"match": "GET /device/", "kind": "stale_calibration"}]}
        await session.post("/_control/faults", json=rules)
        stale = await described(calls, GARNET, "eu-north-1")

    assert fresh["service"]["updatedAt"] == dated.isoformat()
    assert stale["service"]["updatedAt"] == (dated - timedelta(days=30)).isoformat()


async def test_execution_windows_can_be_changed():
    windows = [{"executionDay": "Weekdays", "windowStartHour": "10:00:00", "windowEndHour": "11:00:00"}]
    async with fake() as (_, calls), aiohttp.ClientSession(calls.url) as session:
        changed = await session.post("/_control/windows", json={"backend": "Garnet", "windows": windows})
        unknown = await session.post("/_control/windows", json={"backend": "none", "windows": windows})
        told = await described(calls, GARNET, "eu-north-1")

    assert (changed.status, unknown.status) == (204, 404)
    assert told["service"]["executionWindows"] == windows


def test_a_backend_that_is_not_there_cannot_be_changed():
    with pytest.raises(KeyError):
        FakeAws().change(BackendChange(backend="none", online=False))


async def test_the_command_line_serves_with_the_keys_it_is_given():
    program = (sys.executable, "-m", "tests.fakes.vendors.aws", "--instant", "--api-key", "MINE:secret")
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        who = await Calls(told["url"], Key("MINE", "secret"))("sts", "get_caller_identity")
    finally:
        process.terminate()
        await process.wait()

    assert who["Account"] == told["account"]
    assert process.returncode == 0
