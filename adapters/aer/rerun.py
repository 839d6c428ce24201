"""Running a program once more, beside the queue: its own zygote and one worker, which end with it."""

from collections.abc import Mapping
from typing import Final

from adapters.aer import codec, endings, feasibility
from adapters.aer.crew import Crew, Desk
from adapters.aer.settings import AerSettings
from gateway.domain.result import ProgramResult
from gateway.ports.rerun import Rerun, RerunFailedError
from gateway.processes.supervise import ChildError, ChildTimeoutError

_WHOSE: Final = "replay"
"""For whom the worker works: nobody's jobs run in it."""


class AerRerunner:
    """Implements `ports.rerun.Rerunner`."""

    def __init__(self, settings: AerSettings, readers: Mapping[str, str]) -> None:
        self._settings, self._crew, self._desk = settings, Crew(settings, readers), Desk()

    async def run(self, rerun: Rerun) -> ProgramResult:
        """Run one program, by the methods that a job with the same circuits would get.

        Raises:
            RerunFailedError: it is too large, or Aer cannot.
        """
        order = codec.order(
            reader=rerun.reader,
            body=rerun.body,
            methods=self._methods(rerun),
            settings=self._settings,
            calibration=rerun.calibration,
            seed=rerun.seed,
        )
        try:
            worker = await self._crew.seat(self._desk, _WHOSE)
            ending = endings.of_answer(await worker.request(order, deadline_seconds=self._settings.wall_seconds))
        except ChildTimeoutError:
            ending = endings.too_long(self._settings.wall_seconds, asked=False)
        except ChildError as error:
            ending = endings.of_death(error, cpu_seconds=self._settings.cpu_seconds)
        if ending.result is None:
            raise RerunFailedError(ending.reason)
        return ending.result

    async def close(self) -> None:
        """End the worker and its zygote."""
        await self._crew.clear(self._desk)
        await self._crew.close()

    def _methods(self, rerun: Rerun) -> list[str]:
        limits = feasibility.Limits(
            cpu_seconds=self._settings.cpu_seconds,
            memory_bytes=self._settings.memory_bytes,
            noisy=rerun.calibration is not None,
        )
        plans = [feasibility.choose(circuit, limits) for circuit in rerun.facts.circuits]
        for number, plan in enumerate(plans):
            if plan is None:
                raise RerunFailedError(
                    f"circuit {number} needs more CPU time or memory than adapters.aer.cpu_seconds and "
                    "adapters.aer.memory_bytes allow; raise them for the replay, or replay a smaller job"
                )
        return [plan.method for plan in plans if plan is not None]
