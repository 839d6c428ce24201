"""What happens to a job's money, as frozen writes: held with the permit, then settled or released.

Pure: `store.commit` applies them in the transaction of the ledger entry they belong to, and refuses a hold
that its project cannot afford.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from gateway.domain.job import JobRecord
from gateway.domain.money import Quote
from gateway.domain.writes import HoldWrite

HOLD: Final = "hold"
SETTLE: Final = "settle"
RELEASE: Final = "release"


def reserve(job: JobRecord, quote: Quote, at: datetime) -> HoldWrite:
    """Hold what a job may cost at most."""
    return HoldWrite(
        job_id=job.id,
        project_id=job.project_id,
        action=HOLD,
        amount_micros=_amount(quote.amount_micros),
        currency=quote.currency,
        price_revision=quote.price_revision,
        at=at,
    )


def settle(held: HoldWrite, amount_micros: int, at: datetime) -> HoldWrite:
    """Charge what a job really cost, by the prices it was held under; a vendor may bill more than was held."""
    return replace(held, action=SETTLE, amount_micros=_amount(amount_micros), at=at)


def release(held: HoldWrite, at: datetime) -> HoldWrite:
    """Give back all that was held: the job cost nothing."""
    return replace(held, action=RELEASE, at=at)


def _amount(micros: int) -> int:
    # bool is an int to Python and a float compares like one; neither is money.
    if type(micros) is not int or micros < 0:
        raise ValueError("an amount of money is a whole number of micros, 0 or more")
    return micros
