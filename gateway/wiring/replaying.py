"""Opens what a replay takes: the house, the sandbox, and a simulator of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.casework.entries import AdminEntries
from gateway.casework.replay import Replayer
from gateway.circuits.sandbox import Sandbox, SandboxLimits
from gateway.domain.errors import RefusedError
from gateway.ports.rerun import Rerunner
from gateway.settings import Settings
from gateway.wiring.house import House
from gateway.wiring.opening import open_house


class NoRerunnerError(RefusedError):
    """No installed simulator runs programs once more."""

    code = "no-rerunner"

    def __init__(self) -> None:
        super().__init__("no simulator is switched on that could run a job again; set adapters.aer.enabled")


@asynccontextmanager
async def open_replayer(settings: Settings) -> AsyncIterator[Replayer]:
    """Open a replayer; its worker processes come up and go down with it.

    Raises:
        GatewayError: a part that does not open; the message names the mend.
    """
    async with open_house(settings) as house:
        readers = {name: each.reader for name, each in house.adapters.items() if each.reader is not None}
        rerunner = _rerunner(house, readers)
        sandbox = Sandbox(readers, SandboxLimits(**settings.sandbox.model_dump()))
        await sandbox.start()
        try:
            yield _replayer(house, sandbox, rerunner)
        finally:
            await rerunner.close()
            await sandbox.close()


def _rerunner(house: House, readers: dict[str, str]) -> Rerunner:
    for name, adapter in house.adapters.items():
        if adapter.rerunner is not None and getattr(house.options[name], "enabled", True):
            return adapter.rerunner(house.options[name], readers)
    raise NoRerunnerError


def _replayer(house: House, sandbox: Sandbox, rerunner: Rerunner) -> Replayer:
    return Replayer(
        inspection=house.inspection,
        entries=AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock),
        vault=house.vault,
        database=house.database,
        dialects=house.dialects,
        vendors={
            name: each.vendor(house.options[name]) for name, each in house.adapters.items() if each.vendor is not None
        },
        sandbox=sandbox,
        rerunner=rerunner,
    )
