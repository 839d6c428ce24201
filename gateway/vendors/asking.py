"""One question to a vendor, whatever it is: paced, let through by the breakers, counted, and its failure judged.

Only what is the vendor's fault counts against it: no connection, a lost answer, `busy`, 5xx. A refusal of one job
is an answer. What an adapter raises besides its contract is a defect: after something left, it counts for the
caller as a lost answer, because nobody knows what the vendor did.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import Final, TypeVar

import structlog

from gateway.domain.errors import GatewayError
from gateway.domain.secret import Secret
from gateway.ports.upstream import Outside
from gateway.ports.vendor import (
    Account,
    AnswerLostError,
    Call,
    VendorAnswer,
    VendorBusyError,
    VendorCredentialError,
    VendorRefusedError,
    VendorRequest,
    VendorUnreachableError,
)
from gateway.telemetry import events
from gateway.telemetry.vendors import VendorMetrics
from gateway.vendors.breakers import Breakers, Passage
from gateway.vendors.budget import Budget
from gateway.vendors.memory import Memory
from gateway.vendors.timing import Timing

T = TypeVar("T")
_SERVER_ERROR: Final = 500
_DEFECT: Final = "defect"
log = structlog.get_logger(__name__)


class Question(StrEnum):
    """What a vendor is asked; the closed set that metrics know."""

    BACKENDS = "backends"
    CALIBRATION = "calibration"
    SUBMIT = "submit"
    FIND = "find"
    RECENT = "recent"
    SHOW = "show"
    DOCUMENTS = "documents"
    CANCEL = "cancel"


_PATIENT: Final = frozenset({Question.BACKENDS, Question.CALIBRATION, Question.FIND, Question.RECENT, Question.SHOW})
"""What may wait for its turn; the rest goes at once, and makes these wait."""
_SMALL: Final = frozenset({Question.BACKENDS, Question.SHOW})
"""What is asked all the time and answered in a moment, so that its failures tell first that a vendor is away."""


@dataclass(slots=True)
class _Wire:
    """The way out for one question; its first request was paid for when it was asked."""

    vendor: str
    outside: Outside
    budget: Budget
    longest: float
    """Seconds for each request, whatever its adapter would wait."""
    sent: int = field(default=0)

    async def send(self, request: VendorRequest) -> VendorAnswer:
        if self.sent:
            self.budget.spend()
        self.sent += 1
        return await self.outside.send(self.vendor, replace(request, seconds=min(request.seconds, self.longest)))


class Asker:
    """Puts questions to one vendor."""

    def __init__(
        self,
        vendor: str,
        *,
        outside: Outside,
        timing: Timing,
        budget: Budget,
        breakers: Breakers,
        metrics: VendorMetrics,
        question_seconds: float,
    ) -> None:
        self._question_seconds = question_seconds
        self._vendor, self._outside, self._timing = vendor, outside, timing
        self._budget, self._breakers, self._metrics = budget, breakers, metrics
        self._memory = Memory(timing.clock)

    async def ask(
        self,
        question: Question,
        account: Account,
        work: Callable[[Call], Awaitable[T]],
        *,
        backend: str | None = None,
        probe: bool = False,
    ) -> T:
        """Ask, once; with a backend, its breaker is asked, too. Only a probe goes to a vendor that is left alone.

        Raises:
            VendorBusyError: also when a breaker is open, so that nothing was sent.
            AnswerLostError: also when something was sent and the adapter did not understand the answer.
            GatewayError: what else the adapter raised.
        """
        if question in _PATIENT:
            await self._budget.take()
        passage = self._breakers.enter(backend=backend, probe=probe)
        if question not in _PATIENT:
            self._budget.spend()
        longest = self._question_seconds if question in _SMALL else inf
        wire = _Wire(self._vendor, self._outside, self._budget, longest)
        began = self._timing.monotonic()
        outcome = "cancelled"
        try:
            answer = await work(self._call(question, account, wire))
            outcome = "answered"
        except Exception as error:
            outcome = _outcome(error)
            if isinstance(error, VendorCredentialError):
                # What was derived from it may be what was not accepted; next time it is derived anew.
                self._memory.forget(account)
            if outcome == _DEFECT:
                log.exception(events.VENDOR_FAILED, vendor=self._vendor, operation=question)
            if outcome == _DEFECT and wire.sent:
                raise AnswerLostError(f"{self._vendor} answered in a way the gateway does not understand") from error
            raise
        finally:
            self._judge(passage, outcome)
            seconds = self._timing.monotonic() - began
            self._metrics.asked(vendor=self._vendor, call=question, outcome=outcome, seconds=seconds)
        return answer

    def _call(self, question: Question, account: Account, wire: _Wire) -> Call:
        async def credential(purpose: str) -> Mapping[str, Secret]:
            return await self._outside.credential(account, purpose or question)

        def remember(name: str, secret: Secret, until: datetime) -> None:
            self._memory.remember(account, name, secret, until)

        return Call(
            account=account,
            now=self._timing.now(),
            send=wire.send,
            open=credential,
            remember=remember,
            recall=lambda name: self._memory.recall(account, name),
        )

    def _judge(self, passage: Passage, outcome: str) -> None:
        if outcome in {"answered", "refused"}:
            self._breakers.answered(passage)
        elif outcome in {"unreachable", "lost", "busy", "broken"} or (outcome == _DEFECT and passage.whole.probe):
            # A probe whose answer nobody understands does not prove that the vendor is well.
            self._breakers.failed(passage, outcome)
        else:
            self._breakers.withdrawn(passage)


def _outcome(error: Exception) -> str:
    match error:
        case VendorUnreachableError():
            return "unreachable"
        case AnswerLostError():
            return "lost"
        case VendorBusyError():
            return "busy"
        case VendorRefusedError():
            return "broken" if error.status >= _SERVER_ERROR else "refused"
        case GatewayError():
            return "unasked"
        case _:
            return _DEFECT
