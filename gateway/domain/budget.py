"""Limits, and what a job takes from them: money, jobs, circuits, shots and time on a quantum computer.

A limit says how much one account may take in one window. Money is one unit among others, so that budgets and
quotas hold by the same arithmetic. Whole numbers only: micros of a currency, counts, milliseconds.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """Whose limit it is; each level contains the next."""

    ORGANISATION = "organisation"
    TEAM = "team"
    PROJECT = "project"
    PRINCIPAL = "principal"
    KEY = "key"


class Unit(StrEnum):
    """What is counted."""

    MONEY = "money"
    """Micros of the limit's currency."""
    JOBS = "jobs"
    CIRCUITS = "circuits"
    SHOTS = "shots"
    QPU_MILLISECONDS = "qpu-milliseconds"
    SESSION_SECONDS = "session-seconds"


# Looked up for every limit of every permit.
_FIELDS: Final = {
    Unit.MONEY: "micros",
    Unit.JOBS: "jobs",
    Unit.CIRCUITS: "circuits",
    Unit.SHOTS: "shots",
    Unit.QPU_MILLISECONDS: "qpu_milliseconds",
    Unit.SESSION_SECONDS: "session_seconds",
}


class Period(StrEnum):
    """How a limit's windows follow each other."""

    DAY = "day"
    WEEK = "week"
    """Begins on Monday (ISO 8601)."""
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    TOTAL = "total"
    """One window without an end."""
    ROLLING = "rolling"
    """The last so many seconds, at every moment."""
    OPEN = "open"
    """What is under way now: counts what is held, and nothing once it is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How a limit's windows are cut."""

    period: Period
    zone: str = "UTC"
    """IANA name; calendar windows begin at midnight there, whatever daylight saving does to their length."""
    fiscal_month: int = 1
    """With `quarter` and `year`: the month in which the fiscal year begins."""
    seconds: int | None = None
    """With `rolling`: its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one job takes: at most while it is held, really once it is settled."""

    micros: int = 0
    currency: str = ""
    """ISO 4217; empty where nothing is priced."""
    jobs: int = 0
    circuits: int = 0
    shots: int = 0
    qpu_milliseconds: int = 0
    session_seconds: int = 0
    """Of a session, which is held under its own id."""

    def __post_init__(self) -> None:
        """Refuse what is no whole amount.

        Raises:
            ValueError: an amount is negative, or no integer.
        """
        for amount in (
            self.micros,
            self.jobs,
            self.circuits,
            self.shots,
            self.qpu_milliseconds,
            self.session_seconds,
        ):
            # bool is an int to Python and a float compares like one; neither is money.
            if type(amount) is not int or amount < 0:
                raise ValueError("an amount is a whole number, 0 or more; money is a whole number of micros")

    def of(self, unit: Unit) -> int:
        """Give the amount of one unit."""
        amount: int = getattr(self, _FIELDS[unit])
        return amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Everybody on whose account a job runs, and where, as it was when the job was permitted."""

    team: str
    project_id: str
    principal_id: str
    key_id: str
    upstream: str
    """`aer`, `ibm`, `ionq`, `braket` …"""
    backend: str

    def name(self, level: Level) -> str:
        """Give the target of a limit on this level that applies to this payer."""
        names = {
            Level.ORGANISATION: "",
            Level.TEAM: self.team,
            Level.PROJECT: self.project_id,
            Level.PRINCIPAL: self.principal_id,
            Level.KEY: self.key_id,
        }
        return names[level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """More of a limit for a while, and why."""

    amount: int
    until: datetime
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How much one account may take in one window."""

    id: str
    name: str
    """Unique; people and refusals call it so."""
    level: Level
    target: str
    """Team name, project id, principal id or key id; empty for the organisation."""
    unit: Unit
    currency: str
    """ISO 4217 with `money`, else empty."""
    amount: int
    """Never more than this, together with the raises in force."""
    soft_amount: int | None
    """From here on people are warned."""
    window: Window
    upstream: str = ""
    """Counts only what runs there; empty is everywhere."""
    created_at: datetime
    removed_at: datetime | None = None
    raises: tuple[Raise, ...] = ()

    def allows(self, at: datetime) -> int:
        """Give the amount in force at a moment, raises included."""
        return self.amount + sum(each.amount for each in self.raises if at < each.until)

    def counts(self, payer: Payer) -> bool:
        """Say whether a payer's jobs are counted."""
        return self.target == payer.name(self.level) and self.upstream in {"", payer.upstream}

    def amount_of(self, charge: Charge) -> int:
        """Give what a charge takes of this limit; money in another currency takes nothing."""
        foreign = self.unit is Unit.MONEY and self.currency != charge.currency
        return 0 if foreign else charge.of(self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One limit in the window of a moment: what is taken, and what is left."""

    limit: Limit
    allowed: int
    """The limit with its raises."""
    held: int
    settled: int
    begins_at: datetime | None
    resets_at: datetime | None
    """`None` where nothing resets it by itself (`total`, `open`); with `rolling`, when the oldest part leaves."""

    @property
    def left(self) -> int:
        """What may still be taken; never below 0, also where a vendor billed more than was held."""
        return max(0, self.allowed - self.held - self.settled)

    @property
    def over(self) -> bool:
        """Whether more is taken than allowed: a vendor billed more than was held, or the limit was lowered."""
        return self.held + self.settled > self.allowed
