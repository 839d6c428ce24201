"""What every part of this room uses of one vendor, made once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from gateway.ports.upstream import Outside
from gateway.ports.vendor import Account, Vendor
from gateway.telemetry.vendors import VendorMetrics
from gateway.vendors.asking import Asker
from gateway.vendors.breakers import Breakers
from gateway.vendors.budget import Budget
from gateway.vendors.errors import VendorAccountError
from gateway.vendors.herald import Herald
from gateway.vendors.settings import VendorPace
from gateway.vendors.timing import Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One vendor, and everything that asking it takes."""

    vendor: Vendor
    outside: Outside
    pace: VendorPace
    timing: Timing
    metrics: VendorMetrics
    herald: Herald
    breakers: Breakers
    asker: Asker

    @classmethod
    def of(cls, vendor: Vendor, *, outside: Outside, pace: VendorPace, timing: Timing, metrics: VendorMetrics) -> Self:
        """Fit the parts together."""
        herald = Herald(outside)
        breakers = Breakers(vendor.name, pace, timing=timing, herald=herald, metrics=metrics)
        budget = Budget(pace.requests_per_second, timing)
        asker = Asker(
            vendor.name,
            outside=outside,
            timing=timing,
            budget=budget,
            breakers=breakers,
            metrics=metrics,
            question_seconds=pace.question_seconds,
        )
        return cls(
            vendor=vendor,
            outside=outside,
            pace=pace,
            timing=timing,
            metrics=metrics,
            herald=herald,
            breakers=breakers,
            asker=asker,
        )

    @property
    def name(self) -> str:
        """The vendor's."""
        return self.vendor.name

    def accounts(self) -> Sequence[Account]:
        """List our accounts there, everybody's first."""
        live = self.outside.accounts(self.name)
        return sorted(live, key=lambda account: (account.project_id is not None, account.id))

    def account(self, account_id: str | None) -> Account:
        """Give the account that a job belongs to.

        Raises:
            VendorAccountError: it is gone.
        """
        account = None if account_id is None else self.outside.account_by_id(account_id)
        if account is None:
            raise VendorAccountError(f"the account at {self.name} that this job belongs to is gone; add it again")
        return account
