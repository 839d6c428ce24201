"""The ways in which vendors charge, each as one small formula over whole numbers; a price is a sum of them.

Amounts are rounded up once, at the end of each formula. What a job is held for never depends on how long it is
estimated to run, because it may run longer: time is held at its bound.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

import msgspec

from gateway.budgets.workload import MILLISECONDS, Portion, Usage, Workload

LARGEST: Final = 2**53 - 1
"""Amounts stand in ledger entries, where integers stay below 2**53."""
SHOTS: Final = "shots"
TIME: Final = "milliseconds"
"""Vendors' own units, as far as vendors report how much of them was taken."""
_NANOS: Final = 1000
_MILLION: Final = 1_000_000
_BILLION: Final = 1_000_000_000
_WIDE: Final = 3
_PAIRS_PER_CONTROL: Final = 6

Micros = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Nanos = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one rate makes of a job."""

    most_micros: int
    expected_micros: int
    native: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a job cannot exceed or leave open."""

    seconds: int
    """The longest it may run."""
    mitigated: bool | None


class Free(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="nothing"):
    """Nobody charges for it."""

    def cost(self, work: Workload, bounds: Bounds) -> Cost:  # noqa: ARG002  # one signature for all rates
        """Cost nothing."""
        return Cost(most_micros=0, expected_micros=0)

    def charged(self, usage: Usage) -> int | None:  # noqa: ARG002
        """Charge nothing."""
        return 0

    def words(self, currency: str) -> str:  # noqa: ARG002
        """Say it to people."""
        return "nothing"


class PerTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="task"):
    """So much for a job, and so much for each shot, as on Amazon Braket's devices."""

    per_task_micros: Micros
    per_shot_micros: Micros

    def cost(self, work: Workload, bounds: Bounds) -> Cost:  # noqa: ARG002
        """Cost what was asked for; nothing about it is uncertain."""
        amount = self.per_task_micros + self.per_shot_micros * work.shots
        return Cost(most_micros=amount, expected_micros=amount, native=(work.shots, SHOTS))

    def charged(self, usage: Usage) -> int | None:
        """Charge the shots that were done; a task of which nothing ran is not charged."""
        if usage.shots is None:
            return None if usage.completed else 0
        return self.per_task_micros + self.per_shot_micros * usage.shots if usage.completed or usage.shots else 0

    def words(self, currency: str) -> str:
        """Say it to people."""
        return f"{_said(self.per_task_micros, currency)} per task, {_said(self.per_shot_micros, currency)} per shot"


class PerSecond(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="second"):
    """So much for a second: of a quantum computer as at IBM, of computing time on a simulator."""

    per_second_micros: Micros
    minimum_milliseconds: Annotated[int, msgspec.Meta(ge=0, le=LARGEST)] = 0
    """What is billed at least for a job that ran."""

    def cost(self, work: Workload, bounds: Bounds) -> Cost:
        """Hold the bound, which the job is capped at; expect the estimate."""
        bound = max(bounds.seconds * MILLISECONDS, self.minimum_milliseconds)
        most = self._amount(bound)
        return Cost(
            most_micros=most,
            expected_micros=min(most, self._amount(max(work.milliseconds, self.minimum_milliseconds))),
            native=(bound, TIME),
        )

    def charged(self, usage: Usage) -> int | None:
        """Charge the time that was billed; a failed job for which none is told is not charged."""
        if usage.milliseconds is None:
            return None if usage.completed else 0
        ran = usage.completed or usage.milliseconds > 0
        return self._amount(max(usage.milliseconds, self.minimum_milliseconds)) if ran else 0

    def words(self, currency: str) -> str:
        """Say it to people."""
        return f"{_said(self.per_second_micros, currency)} per second"

    def _amount(self, milliseconds: int) -> int:
        return divided_up(self.per_second_micros * milliseconds, MILLISECONDS)


class PerGate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="gate"):
    """So much for each shot of each gate, and a minimum for each circuit, as at IonQ."""

    one_qubit_gate_nanos: Nanos
    two_qubit_gate_nanos: Nanos
    """A gate on n > 2 qubits counts as 6 (n - 2) of these."""
    minimum_micros: Micros
    mitigated_minimum_micros: Micros
    """The minimum with error mitigation."""

    def cost(self, work: Workload, bounds: Bounds) -> Cost:
        """Hold the dearer minimum for every circuit unless mitigation is known to be off; expect one for them all."""
        most_at_least = self.minimum(mitigated=bounds.mitigated is not False)
        expected_at_least = self.minimum(mitigated=bounds.mitigated is True)
        each = [self._gates(portion) for portion in work.portions]
        most = sum(max(divided_up(nanos, _NANOS), most_at_least) for nanos in each)
        expected = max(divided_up(sum(each), _NANOS), expected_at_least)
        return Cost(
            most_micros=max(most, expected),
            expected_micros=expected,
            native=(sum(_gate_shots(portion) for portion in work.portions), "gate-shots"),
        )

    def minimum(self, *, mitigated: bool) -> int:
        """Give what a circuit costs at least."""
        return max(self.minimum_micros, self.mitigated_minimum_micros) if mitigated else self.minimum_micros

    def charged(self, usage: Usage) -> int | None:
        """Leave it open: gates are not known any more when a job has run."""
        return None if usage.completed or usage.shots else 0

    def words(self, currency: str) -> str:
        """Say it to people."""
        one, two = (
            _said(nanos, currency, _BILLION) for nanos in (self.one_qubit_gate_nanos, self.two_qubit_gate_nanos)
        )
        least, mitigated = _said(self.minimum_micros, currency), _said(self.mitigated_minimum_micros, currency)
        return (
            f"{one} per shot of a one-qubit gate, {two} of a two-qubit gate, "
            f"at least {least} ({mitigated} with error mitigation)"
        )

    def _gates(self, portion: Portion) -> int:
        one, two = _equivalents(portion)
        return portion.shots * (one * self.one_qubit_gate_nanos + two * self.two_qubit_gate_nanos)


class PerCredit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="credit"):
    """A vendor's own credits, such as Quantinuum's HQC: a formula over gates, measurements and shots, and their price.

    Quantinuum's `5 + C (N1 + 10 N2 + 5 Nm) / 5000` is 5 000 000 for a job and 200, 2 000 and 1 000 for each shot of a
    one-qubit gate, a two-qubit gate and a measurement, all in millionths of an HQC.
    """

    unit: Name
    per_job: Micros
    """In millionths of the unit, as the three below."""
    one_qubit_gate: Micros
    two_qubit_gate: Micros
    measurement: Micros
    per_unit_micros: Micros
    """What one whole unit costs; 0 for credits that were paid for before."""

    def cost(self, work: Workload, bounds: Bounds) -> Cost:  # noqa: ARG002
        """Cost what the formula says; nothing about it is uncertain."""
        credit = sum(self.per_job + portion.shots * self._of_one_shot(portion) for portion in work.portions)
        amount = divided_up(credit * self.per_unit_micros, _MILLION)
        return Cost(most_micros=amount, expected_micros=amount, native=(credit, f"millionths of {self.unit}"))

    def charged(self, usage: Usage) -> int | None:
        """Leave it open: gates are not known any more when a job has run."""
        return None if usage.completed or usage.shots else 0

    def words(self, currency: str) -> str:
        """Say it to people."""
        return f"{_said(self.per_unit_micros, currency)} per {self.unit}"

    def _of_one_shot(self, portion: Portion) -> int:
        one, two = _equivalents(portion)
        return one * self.one_qubit_gate + two * self.two_qubit_gate + portion.measurements * self.measurement


Rate: TypeAlias = Free | PerTask | PerSecond | PerGate | PerCredit


def total(costs: Iterable[Cost]) -> Cost:
    """Add the costs of a job by several rates; the first native unit is the one that is kept."""
    known = list(costs)
    return Cost(
        most_micros=sum(each.most_micros for each in known),
        expected_micros=sum(each.expected_micros for each in known),
        native=next((each.native for each in known if each.native is not None), None),
    )


def divided_up(dividend: int, divisor: int) -> int:
    """Divide, rounded up."""
    return -(-dividend // divisor)


def _equivalents(portion: Portion) -> tuple[int, int]:
    """Count gates on one qubit, and those on more as gates on two."""
    two = sum(count * _pairs(arity) for arity, count in portion.gates.items() if arity > 1)
    return portion.gates.get(1, 0), two


def _pairs(arity: int) -> int:
    return 1 if arity < _WIDE else _PAIRS_PER_CONTROL * (arity - 2)


def _gate_shots(portion: Portion) -> int:
    return portion.shots * sum(_equivalents(portion))


def _said(amount: int, currency: str, fraction: int = _MILLION) -> str:
    return f"{(Decimal(amount) / fraction).normalize():f} {currency}"
