"""The ten questions that auditors ask, as links: each is answered by one of them, and its proof is a click further.

A question is a saved search, or the page that answers it. What it offers to choose from is what the ledger has.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from gateway.casework.found import Choices

TIMELINE: Final = "/console/timeline"
SHOWN: Final = 6
"""Answers that are shown at once; more are a click away."""
ASKED: Final = "job.permitted,job.denied,reservation.refused"
"""Types of entry that a submission can begin with."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One link below a question."""

    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question with the links that answer it."""

    id: str
    text: str
    hint: str
    answers: tuple[Answer, ...]
    needs: str = ""
    """The permission without which it cannot be answered."""
    find: bool = False
    """Whether it is asked about one job, whose id is typed in."""

    @property
    def first(self) -> tuple[Answer, ...]:
        """Give the answers that are shown at once."""
        return self.answers[:SHOWN]

    @property
    def rest(self) -> tuple[Answer, ...]:
        """Give the others."""
        return self.answers[SHOWN:]


def timeline(text: str, **fields: str) -> Answer:
    """Link to a search; underscores at the end of names are dropped, as `type_` needs."""
    pairs = [(name.rstrip("_"), value) for name, value in fields.items() if value]
    return Answer(text, f"{TIMELINE}?{urlencode(pairs)}")


def ask(choices: Choices, denying: Sequence[str], now: datetime) -> tuple[Question, ...]:
    """Write down the questions, with what there is to choose from; of rules those that denied something."""
    return (*_work(choices, now), *_rules(choices, denying, now), *_order(now))


def _work(choices: Choices, now: datetime) -> Iterator[Question]:
    week, month = _since(now, 7), _since(now, 30)
    yield Question(
        id="submitted",
        text="Who submitted to which vendor last week?",
        hint="Every submission of the last seven days, taken or refused.",
        answers=(
            *(timeline(each, type_=ASKED, vendor=each, since=week) for each in choices.vendors),
            timeline("any vendor", type_=ASKED, since=week),
        ),
    )
    yield Question(
        id="hardware",
        text="Was it really a quantum computer?",
        hint="Look one job up, or see everything that ran on hardware or on a simulator.",
        answers=(
            timeline("ran on hardware", type_="job.completed", kind="hardware"),
            timeline("ran on a simulator", type_="job.completed", kind="simulator"),
        ),
        find=True,
    )
    yield Question(
        id="fallback",
        text="What fell back to a simulator, and why?",
        hint="Jobs that asked for one backend and were given another, each with its reason.",
        answers=(
            timeline("last 7 days", type_="job.permitted", fallback="yes", since=week),
            timeline("last 30 days", type_="job.permitted", fallback="yes", since=month),
            timeline("ever", type_="job.permitted", fallback="yes"),
        ),
    )
    yield Question(
        id="calibration",
        text="With which calibration did jobs run?",
        hint="Choose a backend, then a job: its story shows the snapshots it was judged by and ran on.",
        answers=tuple(timeline(each, type_="job.completed", backend=each) for each in choices.backends),
    )


def _rules(choices: Choices, denying: Sequence[str], now: datetime) -> Iterator[Question]:
    month = _since(now, 30)
    yield Question(
        id="denied",
        text="What was denied, and under which rule?",
        hint="Every denial names its rules, here those of the newest; the entry has the facts it was judged on.",
        answers=(
            timeline("any rule", decision="denied"),
            *(timeline(each, decision="denied", rule=each) for each in denying),
        ),
    )
    yield Question(
        id="policy",
        text="Under which policy was it decided, and when did that change?",
        hint="Every revision of rules, tables and prices that was ever in use, with its text.",
        answers=(Answer("revisions and texts", "/console/policies"), timeline("changes", type_="policy.*")),
        needs="policy.read",
    )
    yield Question(
        id="cost",
        text="What did it cost?",
        hint="Spending by project and vendor, single jobs with their charges, and what a budget refused.",
        answers=(
            Answer("by project and vendor", "/console/costs"),
            timeline("charged jobs", type_="job.completed", cost_from="0.000001", since=month),
            timeline("refused by a budget", decision="refused"),
        ),
    )
    yield Question(
        id="data",
        text="Where did sensitive work go?",
        hint="Submissions by the class of their data, with the place each was sent to.",
        answers=tuple(timeline(each, type_=ASKED, classification=each) for each in choices.classifications),
    )


def _order(now: datetime) -> Iterator[Question]:
    month = _since(now, 30)
    yield Question(
        id="changes",
        text="Who changed keys, people, limits or credentials?",
        hint="What administrators did in the last thirty days, and what they stopped.",
        answers=tuple(_changes(month)),
    )
    yield Question(
        id="history",
        text="Has anybody changed history?",
        hint="How far the ledger is signed and witnessed, and a check of every entry while you watch.",
        answers=(
            Answer("the ledger's health", "/console/ledger"),
            timeline("the ledger's own entries", type_="ledger.*"),
        ),
    )


def _changes(since: str) -> Iterable[Answer]:
    kinds: Sequence[tuple[str, str]] = (
        ("keys", "key.*"),
        ("people and projects", "principal.*,project.*"),
        ("limits", "limit.*"),
        ("stops", "halt.*"),
        ("vendor credentials", "vendor.account_added,vendor.account_rotated,vendor.account_removed"),
    )
    return (timeline(text, type_=types, since=since) for text, types in kinds)


def _since(now: datetime, days: int) -> str:
    """Name the day that was so many days ago; a date means its first moment in UTC."""
    return (now - timedelta(days=days)).date().isoformat()
