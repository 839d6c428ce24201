"""A candidate in shadow: decides beside, is obeyed by nobody, and survives whoever carries it."""

import asyncio
import json
from dataclasses import replace

import pytest

from gateway.casework.names import ReasonRefusedError
from gateway.casework.shadowing import FAILED, QUEUED, REASONS, Shadowing
from gateway.casework.shadows import NoShadowError, ShadowRunningError
from gateway.domain.decision import Finding
from gateway.policy.answer import PolicyEngineError
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import default_root, load
from gateway.policy.check import PolicyCheckError
from gateway.settings import load as settings_of
from gateway.wiring import initialise, open_house
from gateway.wiring.latitude import latitude
from tests.policy import golden

pytestmark = pytest.mark.long

BUNDLE = load(default_root())


@pytest.fixture
async def opened(tmp_path):
    settings = settings_of(None, {"GATEWAY_STATE_DIR": str(tmp_path / "state")})
    await initialise(settings)
    return settings


@pytest.fixture
async def house(opened):
    async with open_house(opened) as made:
        yield made


@pytest.fixture
def shadows(house):
    return latitude(house).shadows


@pytest.fixture
async def process(house):
    """One serving process's part."""
    async with carrier(house) as made:
        yield made


class carrier:  # noqa: N801  # reads as a word after `async with`
    """A process that carries the shadow, until it dies."""

    def __init__(self, house):
        self.made = Shadowing(database=house.database, revisions=house.revisions, metrics=house.metrics)

    async def __aenter__(self):
        return self.made

    async def __aexit__(self, *_):
        await self.made.close()


def candidate(**limits):
    """Our rules with other limits."""
    path = "org/limits/data.json"
    table = json.loads(json.dumps(BUNDLE.tables[path]))
    table["experimental"]["default"] |= limits
    return replace(BUNDLE, tables={**BUNDLE.tables, path: table}, selftests=())


async def decided(*names):
    """Decide stories by the live revision, each under an id of its own."""
    facts = [golden.all_facts()[name] for name in names]
    async with BulkEngine(BUNDLE) as engine:
        made = await engine.decide(facts)
    return [replace(each, id=f"d-{number}") for number, each in enumerate(made)]


async def carried(process, decisions):
    await process.run()
    for each in decisions:
        process.heed(each)
    await process.run()


async def test_it_counts_what_it_would_decide_otherwise(house, shadows, process):
    await shadows.start(candidate(depth=1), reason="half as deep")

    await carried(process, await decided("allow-emulated-device", "allow-hardware", "deny-too-deep", "deny-no-shots"))

    report = await shadows.report()
    assert (report.compared, report.dropped) == (4, 0)
    assert report.differing == {"allow-to-deny": 2, REASONS: 2}
    assert report.rules["allow-to-deny"] == {"circuits/depth": 2}
    assert report.rules[REASONS] == {"circuits/depth": 1}, "the deeper one is denied in other words"
    assert {each.decision_id for each in report.examples} == {"d-0", "d-1", "d-2", "d-3"}
    shown, _ = house.metrics.render()
    assert b'gateway_policy_shadow_decisions_total{kind="allow-to-deny",rule="circuits/depth"} 2.0' in shown
    assert b'gateway_policy_shadow_decisions_total{kind="compared",rule=""} 4.0' in shown


async def test_the_same_revision_differs_nowhere(shadows, process):
    await shadows.start(BUNDLE, reason="to see that it works")

    await carried(process, await decided("allow-hardware", "deny-too-deep"))

    report = await shadows.report()
    assert (report.compared, report.differing, report.examples) == (2, {}, ())


async def test_start_and_stop_stand_in_the_ledger_with_totals(house, shadows, process):
    await shadows.start(candidate(depth=1), reason="half as deep")
    await carried(process, await decided("allow-hardware"))

    await shadows.stop()

    (began,) = await house.inspection.entries(type_="policy.shadow_started", limit=10)
    (ended,) = await house.inspection.entries(type_="policy.shadow_stopped", limit=10)
    assert began.body["reason"] == "half as deep"
    assert ended.body["totals"] == {"compared": 1, "dropped": 0, "differing": {"allow-to-deny": 1}}
    with pytest.raises(NoShadowError):
        await shadows.stop()
    assert (await shadows.report()).compared == 1, "what it found can still be read"


async def test_a_restart_and_another_replica_count_on(opened, house, shadows):
    await shadows.start(candidate(depth=1), reason="half as deep")
    decisions = await decided("allow-hardware", "allow-emulated-device")
    async with carrier(house) as first, carrier(house) as second:
        await asyncio.gather(carried(first, decisions[:1]), carried(second, decisions[1:]))
    async with open_house(opened) as again:
        async with carrier(again) as third:
            await carried(third, [replace(decisions[0], id="d-9")])
        report = await latitude(again).shadows.report()

    assert (report.compared, report.differing) == (3, {"allow-to-deny": 3})
    assert len(report.examples) == 3


async def test_what_was_stopped_decides_no_longer(shadows, process):
    await shadows.start(candidate(depth=1), reason="half as deep")
    await process.run()
    await shadows.stop()
    await process.run()

    await carried(process, await decided("allow-hardware"))

    assert (await shadows.report()).compared == 0


async def test_one_at_a_time(shadows):
    await shadows.start(BUNDLE, reason="the first")
    with pytest.raises(ShadowRunningError):
        await shadows.start(candidate(depth=1), reason="the second")

    await shadows.stop()
    await shadows.start(candidate(depth=1), reason="the second")


async def test_nothing_waits_for_it_and_what_is_too_much_is_dropped(shadows, process):
    await shadows.start(BUNDLE, reason="under load")
    await process.run()
    (decision,) = await decided("allow-hardware")
    for number in range(QUEUED + 5):
        process.heed(replace(decision, id=f"d-{number}"))
    await process.run()

    report = await shadows.report()
    assert (report.compared, report.dropped) == (QUEUED, 5)


async def test_without_a_shadow_nothing_is_kept(process):
    (decision,) = await decided("allow-hardware")
    await carried(process, [decision] * 3)

    assert not process._waiting


async def test_denials_of_a_failed_engine_are_nothing_to_compare(shadows, process):
    await shadows.start(BUNDLE, reason="to see that it works")
    await process.run()
    (decision,) = await decided("allow-hardware")
    late = Finding(rule="engine/timeout", message="m", remedy="")

    await carried(process, [replace(decision, allow=False, deny=(late,))])

    assert (await shadows.report()).compared == 0


async def test_a_candidate_that_fails_is_told_of(shadows, process):
    path = "gateway/rules/circuits/depth/depth.rego"
    failing = (
        BUNDLE.rego[path] + '\ndeny contains result.unknown("circuits/depth", sprintf("%d", [startswith(1, "x")]))\n'
    )
    await shadows.start(replace(BUNDLE, rego={**BUNDLE.rego, path: failing}, selftests=()), reason="r")

    await carried(process, await decided("allow-hardware"))

    assert (await shadows.report()).differing == {FAILED: 1}


@pytest.mark.parametrize(
    ("rego", "error"),
    [
        pytest.param("package gateway.main\n\ndecision := ", PolicyCheckError, id="does not load"),
        pytest.param("package gateway.main\n\ndecision := {}", PolicyEngineError, id="decides what is known otherwise"),
    ],
)
async def test_a_candidate_that_does_not_work_is_refused(house, shadows, rego, error):
    broken = replace(BUNDLE, rego={**BUNDLE.rego, "gateway/main/main.rego": rego})

    with pytest.raises(error):
        await shadows.start(broken, reason="r")
    assert await shadows.newest() is None


async def test_a_reason_is_asked_for(shadows):
    with pytest.raises(ReasonRefusedError):
        await shadows.start(BUNDLE, reason="")
    with pytest.raises(NoShadowError):
        await shadows.report()
