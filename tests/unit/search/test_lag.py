"""How far the index, exports and webhooks are behind is measured, so that somebody can be woken."""

import pytest
from prometheus_client import CollectorRegistry

from gateway.casework.lag import Lag
from gateway.store import deliveries
from gateway.telemetry.following import FollowingMetrics


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def lag(library, registry):
    return Lag(
        database=library.search.database,
        index=library.search.index,
        metrics=FollowingMetrics(registry),
        exports={"vault"},
        webhooks={"siem"},
    )


async def begun(library, name, *, at=0, problem=""):
    async with library.search.database.writing() as connection:
        await deliveries.begin(connection, name, next_seq=at, at=library.clock.now())
        if problem:
            await deliveries.fail(connection, name, problem=problem, at=library.clock.now())


async def test_the_index_is_behind_by_what_it_has_not_read(library, lag, registry):
    await library.search.index.follow()
    await library.denied("budget/money")
    await library.denied("budget/money")

    await lag.look()
    behind = registry.get_sample_value("gateway_index_behind_entries")
    await library.search.index.follow()
    await lag.look()

    assert (behind, registry.get_sample_value("gateway_index_behind_entries")) == (2, 0)


async def test_each_delivery_says_how_far_it_is_and_whether_it_failed(library, lag, registry):
    size = (await library.search.standing()).of
    await begun(library, "export vault", at=3, problem="the bucket is away")
    await begun(library, "webhook siem", at=size)

    await lag.look()

    def behind(kind, name):
        return registry.get_sample_value("gateway_delivery_behind_entries", {"kind": kind, "name": name})

    assert (behind("export", "vault"), behind("webhook", "siem")) == (size - 3, 0)
    assert registry.get_sample_value("gateway_export_failing", {"name": "vault"}) == 1


async def test_what_is_not_set_up_any_more_wakes_nobody(library, lag, registry):
    await begun(library, "export former", problem="gone")
    await begun(library, "webhook vault")

    await lag.look()

    assert [each.samples for each in registry.collect() if "delivery" in each.name or "export" in each.name] == [[], []]
