"""Which background workers a serving process runs, and how often."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Final

import structlog

from gateway.casework.selftest.visits import Door
from gateway.domain.halt import Halt
from gateway.domain.job import JobRecord, JobStatus
from gateway.store import jobs, keys
from gateway.telemetry import events
from gateway.wiring import House
from gateway.wiring.exports import lag
from gateway.wiring.house import Serving
from gateway.wiring.latitude import latitude
from gateway.workers.loop import Worker

REVOCATION_SECONDS: Final = 0.4
"""How often another process's changes are looked for: a revoked key ends within a second."""
RECOVERY_SECONDS: Final = 1.0
"""How soon what a crash left is taken up, and how often lapsed permits are looked for."""
ANSWERS_SECONDS: Final = 0.25
"""How often answers that arrived are written down: what a crash forgets counts as lost."""
HEARING_SECONDS: Final = 0.02
"""How long news of other replicas gather, so that many are taken in by one question to the database."""
CATCH_UP_SECONDS: Final = 15.0
"""How often all unfinished jobs are read again, should news of one ever get lost."""
WATCH_SECONDS: Final = 3.0
"""How soon a limit that fills up is told of; jobs over it are refused at once, whoever watches."""
POLICIES_SECONDS: Final = 1.0
"""How soon a request to take new policies in is heard, and how long files must stay the same to be taken."""
COURIER_SECONDS: Final = 1.0
ROLLOUTS_SECONDS: Final = 5.0
"""How soon a rule that is rolled out and denies too much is stopped."""
SHADOW_SECONDS: Final = 1.0
"""How soon a candidate begins to decide beside, and how long decisions wait for it at most while it keeps up."""
WITNESSED_SECONDS: Final = 5.0
"""How often a replica that does not ask witnesses reads how far they are."""
CHECKPOINT_SECONDS: Final = 0.5
"""How soon it is seen that a checkpoint is due; the settings say when one is."""
INDEX_SECONDS: Final = 0.5
"""How soon an entry is found by a search."""
LAG_SECONDS: Final = 15.0
"""How often metrics say how far those are behind who follow the ledger."""
HALTED_AT_ONCE: Final = 200
"""How many jobs are stopped side by side, so that their wishes share a transaction."""
COUNTS_SECONDS: Final = 5.0
REFUSALS_SECONDS: Final = 60.0
ERASURES_SECONDS: Final = 5.0
"""How soon every process forgets what was erased elsewhere, and what waited for witnesses is erased."""
RETENTION_SECONDS: Final = 21_600.0
FORGETTING_SECONDS: Final = 3600.0
LAST_USED_SECONDS: Final = 300.0
log = structlog.get_logger(__name__)


def clocks(house: House, door: Door) -> tuple[Worker, ...]:
    """Make the workers of one serving process; `door` is its front door, as the self-test goes through it."""
    tasks = _Tasks(house)
    serving = house.serving
    return (
        *_beside_others(serving),
        *_warning(serving),
        *_signing(house),
        _listening(serving),
        _testing(house, door),
        *_forgetting(serving),
        *_keeping(house),
        *_telling(house),
        *_lenient(house),
        Worker(name="recovery", period_seconds=RECOVERY_SECONDS, task=serving.recovery.run),
        Worker(name="search", period_seconds=RECOVERY_SECONDS, task=serving.search.run),
        Worker(name="approvals", period_seconds=RECOVERY_SECONDS, task=_once(serving, serving.approved.run)),
        Worker(name="halts", period_seconds=RECOVERY_SECONDS, task=tasks.stop_halted),
        Worker(name="answers", period_seconds=ANSWERS_SECONDS, task=partial(note_answered, house)),
        Worker(name="identity", period_seconds=REVOCATION_SECONDS, task=serving.elsewhere.take_in),
        Worker(name="sessions", period_seconds=COUNTS_SECONDS, task=_once(serving, serving.gate.sessions.expire)),
        Worker(name="counts", period_seconds=COUNTS_SECONDS, task=tasks.count_jobs),
        Worker(name="refusals", period_seconds=REFUSALS_SECONDS, task=serving.refusals.flush),
        Worker(name="credentials", period_seconds=REFUSALS_SECONDS, task=serving.outside.flush),
        Worker(name="last-used", period_seconds=LAST_USED_SECONDS, task=tasks.note_used_keys),
    )


def _lenient(house: House) -> tuple[Worker, ...]:
    """Make those who stop rollouts that deny too much, and let a candidate decide beside."""
    serving, rollouts = house.serving, latitude(house).rollouts
    look = partial(rollouts.look, serving.lenient.refresh)
    return (
        Worker(name="rollouts", period_seconds=ROLLOUTS_SECONDS, task=_once(serving, look)),
        Worker(name="shadow", period_seconds=SHADOW_SECONDS, task=serving.shadowing.run),
    )


async def note_answered(house: House) -> None:
    """Write down whose answers arrived; what a crash forgets counts as lost."""
    repeats = house.serving.repeats
    if answered := repeats.take_answered():
        try:
            # By the writer's own way: by any other it would look like a change to keys and projects.
            await house.database.transact(partial(jobs.note_answered, job_ids=answered, at=house.clock.now()))
        except BaseException:
            repeats.give_back(answered)
            raise


def _signing(house: House) -> tuple[Worker, ...]:
    """Make those who sign the ledger's checkpoints, and take them to witnesses."""
    witnesses = house.serving.witnesses
    assert witnesses is not None, "a serving process asks witnesses"
    return (
        Worker(name="witnesses", period_seconds=CHECKPOINT_SECONDS, task=_once(house.serving, witnesses.run)),
        Worker(name="checkpoints", period_seconds=CHECKPOINT_SECONDS, task=_once(house.serving, house.checkpoints.run)),
    )


def _telling(house: House) -> tuple[Worker, ...]:
    """Make those who keep the index of the ledger up, and take entries to where somebody wants them."""
    serving = house.serving
    assert serving.archive is not None, "a serving process carries exports out"
    assert serving.forwarding is not None, "a serving process tells webhooks of entries"
    return (
        Worker(name="index", period_seconds=INDEX_SECONDS, task=_once(serving, house.search.index.follow)),
        Worker(name="exports", period_seconds=COURIER_SECONDS, task=_once(serving, serving.archive.run)),
        Worker(name="forwarding", period_seconds=COURIER_SECONDS, task=_once(serving, serving.forwarding.run)),
        Worker(name="lag", period_seconds=LAG_SECONDS, task=lag(house).look),
    )


def _forgetting(serving: Serving) -> tuple[Worker, ...]:
    """Make those who remove what need not be known any more."""
    assert serving.sign_ins is not None, "a serving process signs people in"
    forget = _once(serving, serving.sign_ins.forget)
    return (Worker(name="console-sessions", period_seconds=FORGETTING_SECONDS, task=forget),)


def _keeping(house: House) -> tuple[Worker, ...]:
    """Make those who erase what was ordered to be, and, where the settings say so, what was kept long enough."""
    keeping, serving = house.keeping, house.serving
    alone = _once(serving, keeping.retention.run_alone)
    return (
        Worker(name="erased", period_seconds=ERASURES_SECONDS, task=house.vault.follow),
        Worker(name="erasures", period_seconds=ERASURES_SECONDS, task=_once(serving, keeping.disposal.carry_out)),
        *(
            (Worker(name="retention", period_seconds=RETENTION_SECONDS, task=alone),)
            * house.settings.retention.automatic
        ),
    )


def _listening(serving: Serving) -> Worker:
    """Make the one who takes new policies in."""
    assert serving.listening is not None, "a serving process listens for new policies"
    return Worker(name="policies", period_seconds=POLICIES_SECONDS, task=serving.listening.listen)


def _testing(house: House, door: Door) -> Worker:
    """Make the one who tests this process; its first round comes after a pause, since a start is tested by itself."""
    selftest = house.serving.selftest
    assert selftest is not None, "a serving process tests itself"
    return Worker(name="selftest", period_seconds=house.settings.selftest.seconds, task=partial(selftest.run, door))


def _warning(serving: Serving) -> tuple[Worker, ...]:
    """Make those who see limits fill up, and carry word of it."""
    assert serving.watch is not None, "a serving process watches limits"
    assert serving.courier is not None, "a serving process carries warnings"
    return (
        Worker(name="watch", period_seconds=WATCH_SECONDS, task=serving.watch.look),
        Worker(name="courier", period_seconds=COURIER_SECONDS, task=_once(serving, serving.courier.deliver)),
    )


def _once(serving: Serving, task: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    """Let a task be done by one process of the deployment, whichever leads at the time."""

    async def done_by_one() -> None:
        if serving.leads:
            await task()

    return done_by_one


def _beside_others(serving: Serving) -> tuple[Worker, ...]:
    """Make what a process does besides where it is one of several replicas."""
    if serving.hearing is None or serving.losses is None or serving.witnesses is None:
        return ()
    return (
        Worker(name="take-over", period_seconds=RECOVERY_SECONDS, task=serving.recovery.take_over),
        Worker(name="hearing", period_seconds=HEARING_SECONDS, task=serving.hearing.run),
        Worker(name="catch-up", period_seconds=CATCH_UP_SECONDS, task=serving.hearing.catch_up),
        Worker(name="losses", period_seconds=0.0, task=serving.losses.write),
        Worker(name="witnessed", period_seconds=WITNESSED_SECONDS, task=serving.witnesses.look),
    )


@dataclass(frozen=True, slots=True)
class _Tasks:
    """What the clocks do that no room does by itself."""

    house: House

    async def stop_halted(self) -> None:
        """Stop what is under way and may not be any more; one that cannot be stopped now keeps no other waiting."""
        serving = self.house.serving
        found = serving.halts.to_stop()
        for start in range(0, len(found), HALTED_AT_ONCE):
            await asyncio.gather(*(self._stop(job, halt) for job, halt in found[start : start + HALTED_AT_ONCE]))

    async def _stop(self, job: JobRecord, halt: Halt) -> None:
        serving = self.house.serving
        try:
            await serving.changes.stop(job, reason=f"stopped by an operator: {halt.reason}")
        except Exception:
            log.exception(events.WORKER_FAILED, worker="halts", job_id=job.id)
        else:
            serving.halts.told.add(job.id)
            log.warning(events.JOBS_HALTED, job_id=job.id)

    async def count_jobs(self) -> None:
        """Show how many jobs have which status."""
        async with self.house.database.reading() as connection:
            counts = await jobs.count_by_status(connection)
        for status in JobStatus:
            self.house.metrics.jobs(status, counts.get(status.value, 0))

    async def note_used_keys(self) -> None:
        """Write down which keys were used today."""
        if used := self.house.authenticator.take_used():
            day = self.house.clock.now().astimezone(UTC).date().isoformat()
            async with self.house.database.writing() as connection:
                await keys.note_used(connection, used, day)
