"""Searches for lost submissions share a look at the vendor: whoever asks while one is under way waits for the next.

Most vendors are asked for their whole list to find one job. One list answers for everybody, so that a thousand lost
answers take about as many requests as one. A list that began before somebody asked proves nothing to them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.errors import GatewayError
from gateway.ports.vendor import Account, Dispatch, VendorJob, VendorRefusedError
from gateway.vendors.asking import Question
from gateway.vendors.desk import Desk
from gateway.vendors.errors import VendorAccountError


@dataclass(eq=False, slots=True)
class Look:
    """One submission that is looked for, and what came of it."""

    dispatch: Dispatch
    since: datetime
    over: bool = False
    began_at: float = 0.0
    """When the vendor was asked, in seconds of the monotonic clock."""
    job: VendorJob | None = None
    error: GatewayError | None = None


class Finder:
    """Looks for submissions at one vendor."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: defaultdict[str, list[Look]] = defaultdict(list)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def find(self, account: Account, dispatch: Dispatch, *, since: datetime) -> Look:
        """Look for a submission by its mark, among the jobs of an account since a moment.

        Raises:
            VendorAccountError: the vendor does not let the account be searched.
            UnavailableError: the vendor could not be asked; nothing is known.
        """
        look = Look(dispatch, since)
        waiting = self._waiting[account.id]
        waiting.append(look)
        try:
            async with self._turns[account.id]:
                if not look.over:
                    await self._look(account, tuple(waiting))
        finally:
            waiting.remove(look)
        if look.error is not None:
            raise look.error
        return look

    async def _look(self, account: Account, looks: Sequence[Look]) -> None:
        """Ask for all; if whoever asks is cancelled meanwhile, the next of them asks again."""
        began_at = self._desk.timing.monotonic()
        try:
            found = await self._ask(account, looks)
        except GatewayError as error:
            for look in looks:
                look.over, look.error = True, error
            return
        for look in looks:
            look.over, look.began_at, look.job = True, began_at, found.get(look.dispatch.mark)

    async def _ask(self, account: Account, looks: Sequence[Look]) -> Mapping[str, VendorJob]:
        dispatches = tuple(look.dispatch for look in looks)
        since = min(look.since for look in looks)
        try:
            return await self._desk.asker.ask(
                Question.FIND, account, lambda call: self._desk.vendor.find(call, dispatches, since=since)
            )
        except VendorRefusedError as error:
            # A refusal is no empty search: nothing is known, and whoever asked must ask again.
            name = self._desk.name
            raise VendorAccountError(f"{name} lets the account not be searched: {error.message}") from error
