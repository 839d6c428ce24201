"""Obligations: what policy may ask the gateway to do when it lets a job go.

A closed list. A kind that is not here, or parameters that do not fit, deny the job: an obligation that
nobody keeps is worse than none. Several of one kind are kept together: the shortest time, the fewest shots, the
regions that all of them name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

from gateway.domain.approval import Demand
from gateway.domain.changes import (
    ADD_TAGS,
    CAP_SHOTS,
    FORCE_PRIVATE,
    LEAKS,
    RELABEL_REGISTERS,
    SPLIT_SHOTS,
    STRIP,
    Changes,
)
from gateway.domain.decision import Decision, Obligation

LIMIT_EXECUTION: Final = "limit-execution"
LIMIT_SESSION: Final = "limit-session"
REQUIRE_CALIBRATION: Final = "require-calibration"
PIN_REGION: Final = "pin-region"
PLACE_ELSEWHERE: Final = "place-elsewhere"
REQUIRE_APPROVAL: Final = "require-approval"

MOST_TAGS: Final = 4
"""How many tags one obligation may add: IBM keeps eight, and one of them is the gateway's mark."""
MOST_NAMES: Final = 16
MOST_HOURS: Final = 24 * 30
"""How long a job may wait for a second person."""
_TAG: Final = re.compile(r"[A-Za-z0-9_.:-]{1,60}=[A-Za-z0-9_.:/-]{0,60}")
LONGEST_REASON: Final = 200
_NAME: Final = re.compile(r"[!-~]{1,128}")

Parameters: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One obligation that the gateway knows."""

    takes: str
    """Its parameters, for people who write rules."""
    does: str
    fits: Callable[[Parameters], bool]


def _counts(name: str) -> Callable[[Parameters], bool]:
    """Take one whole number of at least 1."""
    return lambda given: set(given) == {name} and type(given[name]) is int and 1 <= given[name] < 2**53


def _lists(name: str, fits: Callable[[str], Any], most: int) -> Callable[[Parameters], bool]:
    """Take a list of one to so many texts, all of them different."""

    def check(given: Parameters) -> bool:
        listed = given.get(name)
        if set(given) != {name} or not isinstance(listed, list) or not 1 <= len(listed) <= most:
            return False
        texts = all(isinstance(each, str) and fits(each) for each in listed)
        return texts and len(set(listed)) == len(listed)

    return check


def _nothing(given: Parameters) -> bool:
    return not given


def _demands(given: Parameters) -> bool:
    """Take whose approval is needed, why, and for how many hours it is waited for."""
    if set(given) not in ({"permission", "reason", "hours"}, {"role", "reason", "hours"}):
        return False
    who, reason, hours = given.get("permission", given.get("role")), given["reason"], given["hours"]
    told = isinstance(reason, str) and 1 <= len(reason) <= LONGEST_REASON and reason.isprintable()
    named = isinstance(who, str) and _NAME.fullmatch(who) is not None
    return told and named and type(hours) is int and 1 <= hours <= MOST_HOURS


KNOWN: Final[Mapping[str, Kind]] = {
    LIMIT_EXECUTION: Kind(
        takes="`seconds`", does="The job is stopped after so many seconds of execution.", fits=_counts("seconds")
    ),
    LIMIT_SESSION: Kind(
        takes="`seconds`",
        does="The session it belongs to is open for no longer than so many seconds in all.",
        fits=_counts("seconds"),
    ),
    CAP_SHOTS: Kind(
        takes="`shots`",
        does="Each circuit runs at most so often with each of its parameter sets.",
        fits=_counts("shots"),
    ),
    SPLIT_SHOTS: Kind(
        takes="`shots`",
        does="A circuit that runs more often is sent in parts of at most so many shots, all of them in one job; its "
        "user gets one result.",
        fits=_counts("shots"),
    ),
    STRIP: Kind(
        takes=f"`of`: any of {', '.join(f'`{each}`' for each in LEAKS)}",
        does="What names or describes the work is left out of what is sent.",
        fits=_lists("of", LEAKS.__contains__, len(LEAKS)),
    ),
    RELABEL_REGISTERS: Kind(
        takes="nothing",
        does="Classical registers are sent under other names; results come back under their own.",
        fits=_nothing,
    ),
    FORCE_PRIVATE: Kind(
        takes="nothing", does="The vendor is told to treat the job as private, where it offers that.", fits=_nothing
    ),
    ADD_TAGS: Kind(
        takes="`tags`: `key=value` texts",
        does="The vendor is given these tags, and the job shows them.",
        fits=_lists("tags", _TAG.fullmatch, MOST_TAGS),
    ),
    REQUIRE_CALIBRATION: Kind(
        takes="`max_age_seconds`",
        does="The backend's calibration is no older than that when the job is decided, and again when it is forwarded.",
        fits=_counts("max_age_seconds"),
    ),
    PIN_REGION: Kind(
        takes="`regions`",
        does="The job is forwarded to these regions only.",
        fits=_lists("regions", _NAME.fullmatch, MOST_NAMES),
    ),
    PLACE_ELSEWHERE: Kind(
        takes="`backends`, in the order they are tried",
        does="The job does not go where it asked, but to the first of these that policy allows.",
        fits=_lists("backends", _NAME.fullmatch, MOST_NAMES),
    ),
    REQUIRE_APPROVAL: Kind(
        takes="`permission` or `role`, `reason` and `hours`",
        does="The job waits, for so many hours at most, until a second person with that permission or role approves "
        "it; then it is decided once more.",
        fits=_demands,
    ),
}
"""Every kind, with a check of its parameters."""


def kept(kind: str, parameters: Parameters) -> bool:
    """Say whether the gateway knows an obligation and can keep it."""
    known = KNOWN.get(kind)
    return known is not None and known.fits(parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """All obligations of one decision, kept together."""

    changes: Changes
    execution_seconds: int | None
    session_seconds: int | None
    calibration_seconds: int | None
    regions: tuple[str, ...] | None
    """`None` is anywhere; empty is nowhere, because two obligations name no region in common."""
    backends: tuple[str, ...]
    """Where it must go instead; empty leaves it where it asked."""
    demands: tuple[Demand, ...]
    """Whose approval it waits for; empty lets it go now."""

    @classmethod
    def of(cls, decision: Decision) -> "Duties":
        """Read a decision's obligations, which were checked when it was read."""
        return cls.told(decision.obligations) if decision.obligations else _NONE

    @classmethod
    def told(cls, obligations: Sequence[Obligation]) -> Self:
        """Keep obligations together."""
        told = _Told(obligations)
        regions = [set(given["regions"]) for given in told.of(PIN_REGION)]
        return cls(
            changes=_changes(told),
            execution_seconds=told.least(LIMIT_EXECUTION, "seconds"),
            session_seconds=told.least(LIMIT_SESSION, "seconds"),
            calibration_seconds=told.least(REQUIRE_CALIBRATION, "max_age_seconds"),
            regions=tuple(sorted(set.intersection(*regions))) if regions else None,
            backends=tuple(dict.fromkeys(name for given in told.of(PLACE_ELSEWHERE) for name in given["backends"])),
            demands=tuple(Demand(**given) for given in told.of(REQUIRE_APPROVAL)),
        )


@dataclass(frozen=True, slots=True)
class _Told:
    obligations: Sequence[Obligation]

    def of(self, kind: str) -> list[Parameters]:
        """Give the parameters of every obligation of one kind."""
        return [each.parameters for each in self.obligations if each.kind == kind]

    def least(self, kind: str, name: str) -> int | None:
        """Give the strictest number; `None` without such an obligation."""
        return min((given[name] for given in self.of(kind)), default=None)

    def all(self, kind: str, name: str) -> tuple[str, ...]:
        """Give every text once, in order."""
        return tuple(sorted({text for given in self.of(kind) for text in given[name]}))


def _changes(told: _Told) -> Changes:
    return Changes(
        most_shots=told.least(CAP_SHOTS, "shots"),
        part_shots=told.least(SPLIT_SHOTS, "shots"),
        strip=told.all(STRIP, "of"),
        relabel=bool(told.of(RELABEL_REGISTERS)),
        private=bool(told.of(FORCE_PRIVATE)),
        tags=told.all(ADD_TAGS, "tags"),
    )


_NONE: Final = Duties.told(())
"""What most decisions oblige to; it is asked for again and again on a job's way."""


def execution_limit_seconds(decision: Decision, *given: int | None) -> int | None:
    """Give the shortest of what obligations allow and of what is given besides; `None` is no limit.

    Given are what the caller asked for, and how long the price holds that was quoted by the second.
    """
    limits = [_Told(decision.obligations).least(LIMIT_EXECUTION, "seconds"), *given]
    return min((seconds for seconds in limits if seconds is not None), default=None)
