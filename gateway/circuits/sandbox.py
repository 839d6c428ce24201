"""Measures payloads in worker processes, so that no foreign byte is parsed where keys are held.

A worker that took too long, died or was tainted is gone before the caller hears the verdict. Measured on two
cores: a fork costs about 6 ms, importing everything for a new zygote about 2 s. Times in seconds.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from gateway.circuits.errors import SandboxBusyError, UnreadablePayloadError
from gateway.circuits.limits import SandboxLimits
from gateway.circuits.memory import Memory
from gateway.circuits.pool import Pool
from gateway.circuits.turns import TooManyWaitingError, Turns
from gateway.domain.backend import Backend
from gateway.domain.changes import Changes, Edited
from gateway.domain.circuit import ProgramFacts
from gateway.domain.leaks import LeakRules, Screened
from gateway.processes.frames import FrameTooLargeError
from gateway.processes.limits import CPU_SPENT
from gateway.processes.supervise import Child, ChildDiedError, ChildTimeoutError

__all__ = ["Sandbox", "SandboxBusyError", "SandboxLimits", "UnreadablePayloadError"]

Measured = Callable[[str, float], None]
"""Told the outcome of every payload, `ok` or its problem, and the seconds from its turn to the verdict."""

_KILL_SECONDS = 0.2
"""Kept back from the deadline, for ending a worker and giving back its memory."""
_MESSAGE_LENGTH = 400


class Sandbox:
    """A bounded pool of warm workers that turn payloads into facts."""

    def __init__(
        self,
        readers: Mapping[str, str],
        limits: SandboxLimits,
        *,
        encoders: Mapping[str, str] | None = None,
        editors: Mapping[str, str] | None = None,
        measured: Measured = lambda _outcome, _seconds: None,
    ) -> None:
        """Prepare a pool; nothing runs before `start`.

        Args:
            readers: reader name to `module:attribute`, loaded in the workers alone.
            limits: of the pool and of each payload.
            encoders: encoder name to `module:attribute`; without any, nothing can be translated.
            editors: likewise by reader name; without any, nothing can be changed.
            measured: hook for metrics.
        """
        self._limits, self._measured = limits, measured
        loaded = {"readers": dict(readers), "encoders": dict(encoders or {}), "editors": dict(editors or {})}
        orders = msgspec.json.encode({**loaded, "limits": limits}).decode()
        self._memory = Memory(limits.remembered)
        self._pool = Pool(orders, stock=limits.workers, kept=2 * limits.workers)
        self._turns = Turns(
            places=limits.workers,
            waiting=limits.waiting,
            waiting_per_principal=limits.waiting_per_principal,
            seconds=limits.waiting_seconds,
        )

    async def start(self) -> None:
        """Begin to warm up; payloads that come before the first worker is warm wait for it."""
        self._pool.start()

    async def close(self) -> None:
        """End every worker."""
        await self._pool.close()

    def ready(self) -> str | None:
        """Say what is missing; `None` when payloads can be measured now."""
        return f"the circuit sandbox: {self._pool.trouble}" if self._pool.trouble else None

    @property
    def workers_replaced(self) -> int:
        """How many workers were retired."""
        return self._pool.retired

    @property
    def limits_not_set(self) -> tuple[str, ...]:
        """Limits that this system does not let workers set, such as `network`."""
        return self._pool.missed

    @property
    def waiting(self) -> int:
        """How many payloads wait for their turn."""
        return self._turns.waiting

    async def measure(
        self, *, reader: str, body: bytes, project_id: str, principal_id: str, rules: LeakRules | None = None
    ) -> ProgramFacts:
        """Measure one payload, and look its texts through by these rules.

        Raises:
            UnreadablePayloadError: it cannot be read, or only at too high a cost.
            SandboxBusyError: no worker was free in time.
        """
        known_by = b"" if rules is None else rules.digest
        payload = self._memory.payload(project=project_id, reader=reader, body=body, rules=known_by)
        if known := self._memory.recall(payload):
            self._measured("ok", 0.0)
            return known
        wanted = {"reader": reader, "body": body} | ({} if rules is None else {"rules": rules.encoded})
        answer = await self._turn(wanted, project_id, principal_id)
        facts = msgspec.convert(answer["facts"], ProgramFacts)
        self._memory.keep(payload, facts)
        return facts

    async def translate(
        self, *, reader: str, body: bytes, encoder: str, backend: Backend, project_id: str, principal_id: str
    ) -> bytes:
        """Put one payload into another vendor's words, for one backend.

        Raises:
            UnreadablePayloadError: it cannot be read, or not be said in those words.
            SandboxBusyError: no worker was free in time.
        """
        described = msgspec.to_builtins(replace(backend, told=b""))
        wanted = {"reader": reader, "body": body, "encoder": encoder, "backend": described}
        answer = await self._turn(wanted, project_id, principal_id)
        return bytes(answer["body"])

    async def edit(
        self, *, reader: str, body: bytes, changes: Changes, project_id: str, principal_id: str
    ) -> tuple[Edited, ProgramFacts]:
        """Change one payload as policy obliges; gives it with what was measured of it afterwards.

        Raises:
            UnreadablePayloadError: it cannot be read, or (`unkept`) not be changed so.
            SandboxBusyError: no worker was free in time.
        """
        wanted = {"reader": reader, "body": body, "changes": msgspec.to_builtins(changes)}
        answer = await self._turn(wanted, project_id, principal_id)
        return msgspec.convert(answer["edited"], Edited), msgspec.convert(answer["facts"], ProgramFacts)

    async def screen(
        self, documents: Mapping[str, bytes], *, rules: LeakRules, project_id: str, principal_id: str
    ) -> Screened:
        """Look a result's documents through, and take out of copies of them what rules take out.

        Raises:
            UnreadablePayloadError: only at too high a cost.
            SandboxBusyError: no worker was free in time.
        """
        wanted = {"documents": dict(documents), "rules": rules.encoded}
        answer = await self._turn(wanted, project_id, principal_id)
        return msgspec.convert(answer["screened"], Screened)

    async def _turn(self, message: Mapping[str, Any], project: str, principal: str) -> Mapping[str, Any]:
        try:
            async with self._turns.turn(principal=principal, project=project):
                return await self._in_turn(message, project)
        except TooManyWaitingError:
            raise SandboxBusyError from None

    async def _in_turn(self, message: Mapping[str, Any], project: str) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(self._limits.waiting_seconds):
                worker = await self._pool.take(project)
        except TimeoutError:
            raise SandboxBusyError from None
        started, outcome = time.monotonic(), "ok"
        try:
            return await self._ask(worker, message, project)
        except UnreadablePayloadError as error:
            outcome = error.problem
            raise
        finally:
            self._measured(outcome, time.monotonic() - started)

    async def _ask(self, worker: Child, message: Mapping[str, Any], project: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = {"tainted": True}
        try:
            answer = await worker.request(message, deadline_seconds=self._limits.wall_seconds - _KILL_SECONDS)
            return self._done(answer)
        except (ChildTimeoutError, ChildDiedError, FrameTooLargeError) as error:
            raise self._refusal(error) from None
        finally:
            if answer.get("tainted") or worker.requests >= self._limits.payloads_per_worker:
                self._pool.retire(worker)
            else:
                self._pool.give_back(worker, project)

    def _done(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        if "problem" not in answer:
            return answer
        if answer["problem"] == "too-costly":
            raise self._too_costly()
        message = "".join(letter for letter in answer["message"][:_MESSAGE_LENGTH] if letter.isprintable())
        raise UnreadablePayloadError(problem=answer["problem"], message=message)

    def _refusal(self, error: Exception) -> UnreadablePayloadError:
        if isinstance(error, FrameTooLargeError):
            return UnreadablePayloadError(
                problem="too-large", message="the payload is too large to be read; split the job"
            )
        if isinstance(error, ChildDiedError) and error.status not in CPU_SPENT:
            return UnreadablePayloadError(
                problem="worker-died", message="the payload ended the process that read it, so it cannot be judged"
            )
        return self._too_costly()

    def _too_costly(self) -> UnreadablePayloadError:
        return UnreadablePayloadError(
            problem="too-costly",
            message=f"reading the payload took more than {self._limits.cpu_seconds:g} s or "
            f"{self._limits.address_space_bytes // 2**20} MiB; send smaller circuits or split the job",
        )
