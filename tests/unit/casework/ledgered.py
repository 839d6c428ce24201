"""Jobs put straight into an office's books: held, sent to a vendor under its id, and ended."""

from dataclasses import replace
from datetime import timedelta

from gateway.audit.entry import encode
from gateway.budgets.hold import release, settle
from gateway.domain.backend import ExecutionKind
from gateway.domain.budget import Charge
from gateway.domain.job import JobStatus
from gateway.domain.writes import AttemptUpdate, Unit
from tests import records

BODY = {"codes": {"key-revoked": 1}}


def _leaf(office):
    return encode(records.draft(at=office.clock.now(), **BODY))


async def hold(
    office, *, at, micros=1_000_000, currency="EUR", vendor="acme", vendor_job_id=None, estimate=None, **payer
):
    """Hold for a job and send it; gives the job and its hold."""
    place = {"upstream": vendor, "backend": payer.get("backend", "acme_one")}
    who = {name: payer[name] for name in ("project_id", "principal_id", "key_id") if name in payer}
    job = records.job(created_at=at, kind=ExecutionKind.HARDWARE, **place, **who)
    held = replace(
        records.hold(job.id, amount_micros=micros),
        project_id=job.project_id,
        charge=Charge(micros=micros, currency=currency, jobs=1, circuits=1, shots=1000),
        payer=records.payer(**place, **who, team=payer.get("team", "quantum")),
        estimate_micros=micros if estimate is None else estimate,
        native=(1000, "shots"),
        at=at,
        held_at=at,
    )
    box = replace(records.outbox(job.id), **place, kind=ExecutionKind.HARDWARE, fallback=False, reason="")
    await office.writer.commit(Unit(leaf=_leaf(office), job=job, hold=held, outbox=box))
    if vendor_job_id:
        sent = AttemptUpdate(job_id=job.id, attempt=1, state="forwarded", vendor_job_id=vendor_job_id, sent_at=at)
        await office.writer.commit(Unit(attempt=sent))
    return job, held


async def end(office, job, held, *, micros, at=None, status=JobStatus.COMPLETED):
    """End a job for what its vendor reported; for nothing where it is `None`."""
    moment = at or job.created_at + timedelta(minutes=5)
    charge = replace(held.charge, micros=micros or 0)
    money = release(held, moment) if micros is None else settle(held, charge, moment)
    ended = replace(job, status=status, finished_at=moment)
    closed = AttemptUpdate(job_id=job.id, attempt=1, state="done", vendor_job_id=None)
    await office.writer.commit(Unit(leaf=_leaf(office), job=ended, hold=money, attempt=closed))


async def ran(office, *, at, micros, status=JobStatus.COMPLETED, held=None, **more):
    """Put a job into the books that ended for what its vendor reported."""
    job, hold_ = await hold(office, at=at, micros=held or max(micros or 0, 1), **more)
    await end(office, job, hold_, micros=micros, status=status)
    return job
