"""What becomes of what a job takes, as frozen writes: held with the permit, settled or released, perhaps corrected.

Pure: `store.commit` applies them in the transaction of the ledger entry they belong to, and refuses a hold that some
limit has not enough left for. What is not priced is held all the same: it counts against quotas.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from gateway.domain.budget import Charge, Payer
from gateway.domain.exceeded import BudgetCurrencyError
from gateway.domain.job import JobRecord, Session
from gateway.domain.money import Quote
from gateway.domain.writes import HoldWrite

HOLD: Final = "hold"
SETTLE: Final = "settle"
RELEASE: Final = "release"
CORRECT: Final = "correct"


def reserve(job: JobRecord, quote: Quote | None, *, team: str, at: datetime) -> HoldWrite:
    """Hold what a job may take at most; without a quote it is counted and costs nothing."""
    charge = Charge(jobs=1, circuits=job.circuits, shots=job.total_shots) if quote is None else quote.charge
    return HoldWrite(
        job_id=job.id,
        project_id=job.project_id,
        action=HOLD,
        charge=charge,
        payer=_payer(job, team),
        estimate_micros=None if quote is None else quote.estimate_micros,
        price_revision="" if quote is None else quote.price_revision,
        at=at,
        held_at=at,
        native=None if quote is None else quote.native,
    )


def reserve_time(session: Session, payer: Payer, at: datetime) -> HoldWrite:
    """Hold the time that a session may be open, under its own id; its jobs hold what they take themselves."""
    return HoldWrite(
        job_id=session.id,
        project_id=session.project_id,
        action=HOLD,
        charge=Charge(session_seconds=session.max_ttl_seconds),
        payer=payer,
        price_revision="",
        at=at,
        held_at=at,
    )


def settle(held: HoldWrite, charge: Charge, at: datetime, *, native: tuple[int, str] | None = None) -> HoldWrite:
    """Charge what a job really took; a vendor may bill more than was held.

    Raises:
        BudgetCurrencyError: the bill is in another currency than the hold.
    """
    _check_currency(held, charge)
    return replace(held, action=SETTLE, charge=charge, native=native or held.native, at=at)


def release(held: HoldWrite, at: datetime) -> HoldWrite:
    """Give back all that was held: the job cost nothing."""
    return replace(held, action=RELEASE, at=at)


def correct(charged: HoldWrite, charge: Charge, at: datetime, *, native: tuple[int, str] | None = None) -> HoldWrite:
    """Change what a settled or released job was charged to what it took in all: its bill came late, or another came.

    Raises:
        BudgetCurrencyError: the new bill is in another currency.
    """
    _check_currency(charged, charge)
    return replace(charged, action=CORRECT, charge=charge, native=native or charged.native, at=at)


def _check_currency(before: HoldWrite, charge: Charge) -> None:
    kept = before.charge.currency
    if kept and charge.micros and charge.currency != kept:
        raise BudgetCurrencyError("what was held for it", kept=kept, priced=charge.currency)


def _payer(job: JobRecord, team: str) -> Payer:
    return Payer(
        team=team,
        project_id=job.project_id,
        principal_id=job.principal_id,
        key_id=job.key_id,
        upstream=job.upstream,
        backend=job.backend,
    )
