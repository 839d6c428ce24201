"""Whether a credential works: the vendor is asked once, outside of any job, and nothing is submitted."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.domain.clock import Clock
from gateway.domain.secret import Secret
from gateway.ports.vendor import Account, BackendReport, Call, Vendor, VendorAnswer, VendorRequest
from gateway.vault.credentials import Credentials

Send: TypeAlias = Callable[[VendorRequest], Awaitable[VendorAnswer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Tries accounts."""

    entries: AdminEntries
    credentials: Credentials
    clock: Clock

    async def backends(
        self, account: Account, *, vendor: Vendor, send: Send, by: str = OPERATOR
    ) -> Sequence[BackendReport]:
        """Ask which backends the account sees, once the credential is proven. Each opening is recorded.

        Raises:
            VendorCredentialError, VendorRefusedError: the vendor says no.
            UnavailableError: it could not be asked, or gave no usable answer.
            ErasedError: the account was rotated or removed meanwhile.
        """
        openings = 0
        derived: dict[str, Secret] = {}

        async def open_(_purpose: str) -> Mapping[str, Secret]:
            nonlocal openings
            openings += 1
            return await self.credentials.open(account)

        def remember(name: str, secret: Secret, _until: datetime) -> None:
            derived[name] = secret

        call = Call(account=account, now=self.clock.now(), send=send, open=open_, remember=remember, recall=derived.get)
        try:
            # Some vendors list backends to anybody; nobody lists an account's jobs without its credential.
            await vendor.recent(call, since=call.now)
            return await vendor.backends(call)
        finally:
            if openings:
                await self._record(account, openings, by)

    async def _record(self, account: Account, openings: int, by: str) -> None:
        await self.entries.record(
            "credential.used",
            by=by,
            project_id=account.project_id,
            rows=(),
            body={"account": account.id, "vendor": account.vendor, "purposes": {"test": openings}},
            people={},
        )
