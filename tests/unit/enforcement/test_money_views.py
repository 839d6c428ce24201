"""What a caller is shown of prices and limits: its own, at the vendor whose words it speaks, and nothing of others."""

from dataclasses import replace

import pytest

from gateway.domain.budget import Level, Period, Unit, Window
from gateway.domain.errors import GatewayError
from gateway.ports import operations as ask
from gateway.store import limits
from tests import records
from tests.fakes.scripted_vendor import ScriptedVendor


@pytest.fixture
async def process(small_deployment):
    async with small_deployment.process(ScriptedVendor()) as process:
        yield process


@pytest.fixture
def gate(process):
    return process.serving.gate


async def limited(process, **changes):
    """Limit the caller's project, and let this process hear of it."""
    small = process.small
    made = records.limit(
        level=Level.PROJECT,
        target=small.caller.project.id,
        unit=Unit.QPU_MILLISECONDS,
        currency="",
        amount=60_000,
        window=Window(period=Period.TOTAL),
        created_at=small.house.clock.now(),
    )
    await small.house.ledger.keep(limits.write(replace(made, **changes)))
    await process.serving.limits.refresh()


async def test_usage_without_a_limit_is_the_months(process, gate):
    usage = await gate.backends.usage(process.small.caller)

    assert usage.allowance is None
    assert usage.used_seconds == 0


async def test_usage_shows_the_tightest_limit(process, gate):
    await limited(process, name="loose", amount=90_000)
    await limited(process, name="tight")

    usage = await gate.backends.usage(process.small.caller)

    assert (usage.allowance.limit, usage.allowance.left_milliseconds) == ("tight", 60_000)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"upstream": "another-vendor"}, id="of another vendor"),
        pytest.param({"target": "another-project"}, id="of another project"),
    ],
)
async def test_a_limit_that_does_not_count_the_caller_there_is_not_shown(process, gate, changes):
    await limited(process, name="elsewhere", **changes)
    caller = replace(process.small.caller, dialect="ibm")

    assert (await gate.backends.usage(caller)).allowance is None
    assert (await gate.backends.limits(caller, ask.ShowLimits(backend=None))).standings == ()


async def test_limits_come_with_the_backends_they_count(process, gate):
    await limited(process, name="alpha")
    small = process.small

    view = await gate.backends.limits(small.caller, ask.ShowLimits(backend=None))
    none = await gate.backends.limits(small.caller, ask.ShowLimits(backend="another"))

    assert [each.limit.name for each in view.standings] == ["alpha"]
    assert view.project_id == small.caller.project.id
    assert none.backends == ()


async def test_the_price_list_is_open_to_all_and_limits_are_not(process, gate):
    prices = await gate.open_to_all(ask.ListPrices(), "ibm")

    assert prices.backends
    assert all(view.tariff is not None and view.tariff.source for view in prices.backends)
    assert process.small.caller.project.id not in repr(prices)
    with pytest.raises(GatewayError) as refused:
        await gate.open_to_all(ask.ShowLimits(backend=None), "ibm")
    assert refused.value.code == "credential-missing"


async def test_a_size_is_priced_with_what_it_was_priced_by(process, gate):
    caller = process.small.caller
    backend = gate.backends.offer(caller).backends[0].backend.name

    answer = gate.backends.estimate(
        caller, ask.EstimateCost(backend=backend, circuits=2, shots=100, seconds=1.0, one_qubit_gates=1)
    )

    assert answer.quote.shots == 200
    assert answer.tariff.source == answer.quote.source
