"""Opens what pricing a job takes that nobody has submitted: the house and, to read a program, the sandbox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.budgets.pricing import Pricing
from gateway.casework.plan import Planner
from gateway.circuits.sandbox import Sandbox, SandboxLimits
from gateway.ports.upstream import Progress, UpstreamContext
from gateway.routing.fleet import Fleet
from gateway.settings import Settings
from gateway.wiring.house import House
from gateway.wiring.opening import open_house
from gateway.wiring.simulators import simulators


@asynccontextmanager
async def open_planner(settings: Settings, *, reads: bool) -> AsyncIterator[Planner]:
    """Open a planner; with `reads` it can read programs, for which worker processes come up and go down again.

    Raises:
        GatewayError: a part that does not open; the message names the mend.
    """
    async with open_house(settings) as house:
        planner = _planner(house)
        if not reads:
            yield planner
            return
        await planner.sandbox.start()
        try:
            yield planner
        finally:
            await planner.sandbox.close()


def _planner(house: House) -> Planner:
    readers = {name: each.reader for name, each in house.adapters.items() if each.reader is not None}
    context = UpstreamContext(clock=house.clock, progress=_unheard, state_dir=house.settings.state_dir, readers=readers)
    return Planner(
        pricing=Pricing(book=house.prices, accounts=house.accounts),
        projects=house.administration.projects,
        database=house.database,
        clock=house.clock,
        dialects=house.dialects,
        simulators=Fleet(simulators(house, context)),
        sandbox=Sandbox(readers, SandboxLimits(**house.settings.sandbox.model_dump())),
    )


async def _unheard(_: Progress) -> None:
    """Hear of nothing: no upstream is started."""
