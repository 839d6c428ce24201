"""The courier: carries letters to webhooks, again and again for some hours, and each one at least once.

What is sent was written down before, so a second try is the same bytes under the same id, by which a receiver knows
them. Signed as Standard Webhooks describes it: HMAC-SHA256 over id, time and body, so that nobody else's event is
believed and an old one cannot be sent again later.
"""

import asyncio
import hmac
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Final, TypeAlias

import structlog

from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError
from gateway.domain.secret import Secret
from gateway.ports.vendor import VendorAnswer, VendorRequest
from gateway.store import warnings
from gateway.store.engine import Database
from gateway.store.warnings import Letter
from gateway.telemetry import events

Send: TypeAlias = Callable[[VendorRequest], Awaitable[VendorAnswer]]

ATTEMPTS: Final = 12
"""After so many, which takes some three hours, a letter is given up; its warning stays in ledger, log and metrics."""
FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
_AT_ONCE: Final = 8
_SECONDS: Final = 10.0
_LARGEST_ANSWER: Final = 64 * 1024
MANY: Final[Mapping[str, str]] = {
    "cloudevents": "application/cloudevents-batch+json; charset=utf-8",
    "ocsf": "application/json; charset=utf-8",
}
"""What a letter with many events is, by their format."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Somebody who wants to hear of warnings."""

    url: str = field(repr=False)
    secret: Secret
    send: Send = field(repr=False)
    """The way out; raises `GatewayError` where no answer came."""
    many_type: str = MANY["cloudevents"]
    """What a letter with many events is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Carries letters."""

    database: Database
    clock: Clock
    webhooks: Mapping[str, Webhook]

    async def deliver(self) -> None:
        """Try every letter whose time has come, a few at once."""
        async with self.database.reading() as connection:
            due = await warnings.due(connection, self.clock.now(), most=_AT_ONCE)
        await asyncio.gather(*(self._carry(each) for each in due))

    async def _carry(self, letter: Letter) -> None:
        lease = self.clock.now() + timedelta(seconds=2 * _SECONDS)
        async with self.database.writing() as connection:
            if not await warnings.take(connection, letter, until=lease):
                return
        problem = await self._sent(letter)
        state, next_at = self._state(letter, problem)
        async with self.database.writing() as connection:
            if letter.of_many and state != "waiting":
                await warnings.drop(connection, letter)
            else:
                await warnings.settle(connection, letter, state, next_at=next_at)
        self._note(letter, state, problem)

    async def _sent(self, letter: Letter) -> str | None:
        """Send it; gives what went wrong."""
        webhook = self.webhooks.get(letter.webhook)
        if webhook is None:
            return "gone"
        try:
            answer = await webhook.send(request(webhook, letter, self.clock.now()))
        except GatewayError as error:
            return error.code
        if answer.status == HTTPStatus.GONE:
            return "gone"
        return None if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES else str(answer.status)

    def _state(self, letter: Letter, problem: str | None) -> tuple[str, datetime | None]:
        if problem is None:
            return "delivered", None
        # Entries wait as long as it takes: no more are written for a receiver that is away.
        if problem == "gone" or (letter.attempts + 1 >= ATTEMPTS and not letter.of_many):
            return "given-up", None
        return "waiting", self.clock.now() + min(FIRST_PAUSE * 2 ** min(letter.attempts, 16), LONGEST_PAUSE)

    def _note(self, letter: Letter, state: str, problem: str | None) -> None:
        told = {"webhook": letter.webhook, "event_id": letter.event_id, "attempt": letter.attempts + 1}
        if state == "delivered":
            log.info(events.WEBHOOK_DELIVERED, **told)
        elif state == "waiting":
            log.warning(events.WEBHOOK_DELAYED, **told, code=problem)
        else:
            log.error(events.WEBHOOK_LOST, **told, code=problem)


def request(webhook: Webhook, letter: Letter, at: datetime) -> VendorRequest:
    """Build the signed request of one attempt."""
    seconds, body = int(at.timestamp()), letter.body.encode()
    return VendorRequest(
        method="POST",
        url=webhook.url,
        headers={
            "Content-Type": webhook.many_type if letter.of_many else "application/cloudevents+json; charset=utf-8",
            "Webhook-Id": letter.event_id,
            "Webhook-Timestamp": str(seconds),
            "Webhook-Signature": signature(webhook.secret, letter.event_id, seconds, body),
        },
        body=body,
        seconds=_SECONDS,
        largest=_LARGEST_ANSWER,
    )


def signature(secret: Secret, event_id: str, seconds: int, body: bytes) -> str:
    """Sign an attempt: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."""
    signed = b"%s.%d.%s" % (event_id.encode(), seconds, body)
    return f"v1,{b64encode(hmac.digest(secret.reveal(), signed, sha256)).decode()}"
