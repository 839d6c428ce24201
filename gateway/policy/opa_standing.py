"""How one OPA stands: whether it can be believed now, why not, and since when it holds other policies.

An answer counts only when OPA says, with that very answer, that it came from the policies and tables that this gateway
publishes, and when that OPA decided right what is known. Times in seconds.
"""

import time
from typing import Final

import structlog

from gateway.domain.decision import Decision
from gateway.policy.answer import SELF_TEST, PolicyEngineError, Question, check_selftest
from gateway.policy.bundle import Bundle
from gateway.policy.opa import Answer, OpaError, OpaRefusedError, OpaRevisionError, OpaServer, OpaVersionError
from gateway.telemetry import events
from gateway.telemetry.policy import PolicyMetrics

DIVERGED_AFTER: Final = 30.0
"""How long an OPA may hold other policies before it is an alarm: longer than two of its looks for new ones."""
EXAMINED_EVERY: Final = 60.0
_NOTHING: Final = b"{}"
log = structlog.get_logger(__name__)


class Standing:
    """One server, as the decision point sees it."""

    def __init__(self, server: OpaServer, bundle: Bundle, metrics: PolicyMetrics) -> None:
        self.server, self.bundle = server, bundle
        self.problem: str | None = "OPA was not asked yet"
        """Why it cannot be used; `None` when it can."""
        self._metrics = metrics
        self._examined: str | None = None
        """The version that decided what is known as it should."""
        self._due = 0.0
        self._diverged_since: float | None = None
        self._alarmed = False

    async def ask(self, facts: bytes, *, seconds: float | None = None) -> Answer:
        """Ask for a decision that counts.

        Raises:
            OpaError: there is none; the server is used last until it can be believed again.
        """
        try:
            return await self._believed(facts, seconds, examined=True)
        except OpaError as error:
            self._failed(error)
            raise

    async def look(self) -> None:
        """Let it decide what is known, and alarm when it does not get our policies.

        Raises:
            PolicyEngineError: it decides otherwise, or is too old to be asked.
        """
        try:
            await self._examine()
        except PolicyEngineError as error:
            self._failed(OpaError(error.message))
            raise
        except OpaVersionError as error:
            self._failed(error)
            raise PolicyEngineError(f"{self.server.name}: {error.message}") from None
        except OpaError as error:
            self._failed(error)
            await self._alarm(error)
        else:
            self._recovered()

    async def _examine(self) -> None:
        """Ask everything that is known once a minute, and in between only whether it still is the same server.

        What passed a minute ago is believed while it is asked again: nobody's job is denied for that.
        """
        version = (await self._believed(_NOTHING)).provenance.version
        if version == self._examined and time.monotonic() < self._due:
            return
        if version != self._examined:
            self._examined = None
        self._due = time.monotonic() + EXAMINED_EVERY
        try:
            for known in self.bundle.known:
                check_selftest(known, await self._tested(known.facts))
        except (OpaError, PolicyEngineError):
            self._examined = None
            raise
        self._examined = version

    async def tested(self, facts: bytes) -> Decision:
        """Let it decide for a test of it, whatever was found before; a server that is away or behind denies."""
        try:
            return await self._tested(facts)
        except OpaError as error:
            return self._question(facts, "").refused(error.rule, error.message, 0)

    async def _tested(self, facts: bytes) -> Decision:
        answer = await self._believed(facts)
        question = self._question(facts, answer.provenance.version)
        if not answer.defined:
            return question.refused("engine/undefined", "the policies give no decision at all", 0)
        return question.answered(answer.result, 0)

    def _question(self, facts: bytes, version: str) -> Question:
        return Question(id=SELF_TEST, facts=facts, engine=f"opa {version}", bundle=self.bundle)

    async def _believed(self, facts: bytes, seconds: float | None = None, *, examined: bool = False) -> Answer:
        answer = await self.server.ask(facts, seconds=seconds)
        held, ours = answer.provenance.revisions, {self.bundle.policy_revision, self.bundle.data_revision}
        # A directory that holds both parts, as `opa run --bundle` takes it, calls itself by both revisions.
        if not (ours <= held or self.bundle.revision in held):
            raise OpaRevisionError("OPA holds other policies than this gateway publishes; it must pull them again")
        if examined and answer.provenance.version != self._examined:
            raise OpaError("OPA has not decided yet what is known")
        return answer

    def _failed(self, error: OpaError) -> None:
        if would_repeat(error):
            return
        if not isinstance(error, OpaRevisionError):
            self._diverged_since = None
        elif self._diverged_since is None:
            self._diverged_since = time.monotonic()
        if self.problem is None:
            log.warning(events.OPA_FAILED, address=self.server.name, code=error.rule, message=error.message)
        self.problem = error.message
        self._metrics.opa(self.server.name, usable=False)

    def _recovered(self) -> None:
        if self.problem is not None:
            log.info(events.OPA_RECOVERED, address=self.server.name, version=self._examined)
        self.problem, self._diverged_since, self._alarmed = None, None, False
        self._metrics.opa(self.server.name, usable=True)
        self._metrics.diverged(self.server.name, diverged=False)

    async def _alarm(self, error: OpaError) -> None:
        """Say once that it does not get our policies, in its own words where it has some."""
        since = self._diverged_since
        if since is None or self._alarmed or time.monotonic() - since < DIVERGED_AFTER:
            return
        self._alarmed = True
        self._metrics.diverged(self.server.name, diverged=True)
        log.error(events.OPA_DIVERGED, address=self.server.name, message=f"{error.message}{await self._troubles()}")

    async def _troubles(self) -> str:
        try:
            return "".join(f"; {name}: {said}" for name, said in (await self.server.troubles()).items())
        except OpaError:
            return ""


def would_repeat(error: OpaError) -> bool:
    """Say whether every OPA would answer so: the policies failed on these facts, and not the server."""
    return isinstance(error, OpaRefusedError) and error.decided
