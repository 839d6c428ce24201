"""Money is an integer in micros (millionths of a currency): one shot can cost less than a cent."""

from dataclasses import dataclass

from gateway.domain.budget import Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a job may cost at most and is expected to cost, by which price list, and what else it takes."""

    amount_micros: int
    """The most it can cost, which is what is held for it."""
    currency: str
    """ISO 4217."""
    price_revision: str
    """SHA-256 of the price book, hexadecimal."""
    basis: str
    """How the amount was found, in words a person reads."""
    source: str = ""
    """Where the price was read, and when."""
    estimate_micros: int | None = None
    """What it is expected to cost; `None` where nobody estimated."""
    circuits: int = 0
    shots: int = 0
    """Of all circuits together."""
    qpu_milliseconds: int = 0
    """The longest it can occupy a quantum computer: its bound where there is one, else the estimate; 0 elsewhere."""
    bound_seconds: int | None = None
    """With a price per second: what it may run for, so that the amount holds. Whoever sends the job must cap it so."""
    native: tuple[int, str] | None = None
    """The vendor's own unit and how many of it are held."""

    @property
    def charge(self) -> Charge:
        """Give what is held while the job is under way."""
        return Charge(
            micros=self.amount_micros,
            currency=self.currency,
            jobs=1,
            circuits=self.circuits,
            shots=self.shots,
            qpu_milliseconds=self.qpu_milliseconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a backend charges for, part by part, for people and vendors' clients to be shown; absent parts cost nothing.

    Micros of `currency`; gates are priced in thousandths of a micro (nanos).
    """

    currency: str
    """ISO 4217."""
    source: str
    """Where it was read, and when."""
    per_task_micros: int = 0
    per_shot_micros: int = 0
    per_second_micros: int = 0
    one_qubit_gate_nanos: int = 0
    """For each shot of each gate on one qubit."""
    two_qubit_gate_nanos: int = 0
    minimum_micros: int = 0
    """What a job costs at least."""
