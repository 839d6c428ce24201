"""One IonQ job: what was asked for, how far it is, and what it costs. How the vendor tells of it: `views`.

A job of many circuits is a parent with one child per circuit; the children do the work, the parent sums up.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from tests.fakes.vendors.ionq.devices import Device
from tests.fakes.vendors.ionq.measured import VARIANTS, Measured
from tests.fakes.vendors.ionq.preflight import Failure, Size, size
from tests.fakes.vendors.ionq.wire import (
    DEBIASED_SHOTS,
    AnySubmission,
    CircuitSubmission,
    QasmSubmission,
)
from tests.fakes.vendors.ionq.words import named

Status = Literal["submitted", "ready", "started", "canceled", "failed", "completed"]
STATUSES: Final = frozenset(Status.__args__)  # type: ignore[attr-defined]
_FINAL: Final = {"canceled", "failed", "completed"}
_SHOT_US: Final = (10, 600)
"""Quantum computer time of one- and two-qubit gates of one shot, as it is billed."""
_V2: Final = "ionq.result.{}.json.v2"


@dataclass(slots=True, kw_only=True)
class Job:
    """One job, child jobs included."""

    id: str
    project_id: str
    device: Device
    submission: AnySubmission
    submitted_at: float
    digest: str
    """SHA-256 of the body as it was received."""
    status: Status = "submitted"
    started_at: float | None = None
    ended_at: float | None = None
    failure: Failure | None = None
    measured: Measured | None = None
    parent: "Job | None" = None
    children: Sequence["Job"] = ()
    deleted: bool = False

    @property
    def final(self) -> bool:
        """Whether it is over."""
        return self.status in _FINAL

    @property
    def submitter_id(self) -> str:
        """Who submitted it; every project has one user."""
        return named("user", self.project_id)

    @property
    def exact(self) -> bool:
        """Whether exact probabilities are given and no shots."""
        return not self.device.hardware and self.noise == "ideal"

    @property
    def noise(self) -> str:
        """The noise model of a simulation; hardware is not simulated with one unless the fake is told to."""
        return self.submission.noise.model if self.submission.noise and not self.device.hardware else "ideal"

    @property
    def debiased(self) -> bool:
        """Whether it runs as symmetric variants: on hardware, with enough shots, unless asked not to."""
        asked, able = self.submission.debiasing is not False, self.submission.shots >= DEBIASED_SHOTS
        return self.device.hardware and able and asked and not isinstance(self.submission, QasmSubmission)

    @property
    def seed(self) -> int:
        """What randomness starts from: the seed asked for, or one that belongs to the body."""
        noise = self.submission.noise
        if noise is not None and noise.seed is not None:
            return noise.seed & 0x7FFFFFFF
        return int(self.digest[:7], 16)

    def sizes(self) -> list[Size]:
        """Measure its circuits; a program in OpenQASM is not parsed for that."""
        if isinstance(self.submission, CircuitSubmission):
            return [size(self.submission.input)]
        if isinstance(self.submission, QasmSubmission):
            return [Size(self.submission.input.qubits or 1, 0, 0)]
        return [size(circuit) for circuit in self.submission.input.circuits]

    def cost(self) -> float:
        """Estimate what it costs, in US dollars; a dry run costs nothing."""
        if self.submission.dry_run:
            return 0.0
        return sum(
            self.device.rates.cost(
                one_qubit_gates=each.one_qubit_gates,
                two_qubit_gates=each.two_qubit_gates,
                shots=self.submission.shots,
                debiased=self.debiased,
            )
            for each in self.sizes()
        )

    def billed(self) -> float:
        """Give what was charged: nothing unless it completed."""
        return self.cost() if self.status == "completed" else 0.0

    def compute_us(self) -> int:
        """Give the quantum computer time of all shots."""
        if not self.device.hardware:
            return 0
        one, two = _SHOT_US
        return self.submission.shots * sum(
            each.one_qubit_gates * one + each.two_qubit_gates * two for each in self.sizes()
        )

    def wait(self) -> None:
        """Be compiled and wait for the device."""
        self._all("ready")

    def start(self) -> None:
        """Begin to run."""
        self._all("started", started_at=time.time())

    def end(self, status: Status, failure: Failure | None = None) -> None:
        """Be over, children included; whoever is over already stays as it is."""
        self._all(status, ended_at=time.time(), failure=failure)

    def _all(self, status: Status, **times: Any) -> None:
        for job in (self, *self.children):
            if not job.final:
                job.status = status
                for name, value in times.items():
                    setattr(job, name, value)

    def formats(self) -> dict[str, str]:
        """Name the artifacts it has, by format, with their ids."""
        if self.status != "completed":
            return {}
        if self.submission.dry_run:
            names = ["ionq.mir.v1"] if isinstance(self.submission, QasmSubmission) else ["ionq.native.v1"]
        elif isinstance(self.submission, QasmSubmission):
            names = [_V2.format("probabilities")]
            names += [] if self.exact else [_V2.format("histogram"), _V2.format("shots")]
        else:
            names = []
        return {name: named("artifact", self.id, name) for name in names}

    def variants(self) -> list[str]:
        """Name its variants."""
        varied = self.debiased and self.status == "completed" and self.measured is not None
        return [named("variant", self.id, place) for place in range(VARIANTS)] if varied else []

    def outcome(self) -> Mapping[str, Any]:
        """Give what a restart must know beside the submission."""
        return {
            "status": self.status,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "failure": asdict(self.failure) if self.failure else None,
            "measured": self.measured.saved() if self.measured else None,
            "deleted": self.deleted,
        }

    def resume(self, outcome: Mapping[str, Any]) -> None:
        """Take over what was known before a restart."""
        self.status, self.deleted = outcome["status"], outcome["deleted"]
        self.started_at, self.ended_at = outcome["started_at"], outcome["ended_at"]
        self.failure = Failure(**outcome["failure"]) if outcome["failure"] else None
        self.measured = Measured.restored(outcome["measured"]) if outcome["measured"] else None
