"""Keeping what policy obliges the gateway to do about a job that may go: step 5 of a submission, after the decision.

What was judged is what was received; what is sent differs from it only as the decision's obligations say, and its
circuits are measured once more. What cannot be kept turns the decision into a denial: an obligation that nobody keeps
is worse than none. What may change until the job leaves is looked at again then (`still_kept`).
"""

from dataclasses import dataclass, field, replace
from typing import Final

from gateway.circuits.sandbox import Sandbox, UnreadablePayloadError
from gateway.domain import restoring
from gateway.domain.changes import Change, Changes, Edited, Obliged, Undo
from gateway.domain.circuit import ProgramFacts
from gateway.domain.clock import Clock
from gateway.domain.decision import Decision, Finding
from gateway.domain.errors import UnavailableError
from gateway.domain.principal import Caller
from gateway.domain.submission import Submission
from gateway.enforcement.outgoing import Outbound
from gateway.policy.obligations import Duties
from gateway.ports.editor import UNKEPT
from gateway.routing.fleet import Berth, Fleet

RULE: Final = "engine/obligation"
_OWN_WORDS: Final = frozenset({UNKEPT, "too-costly"})
"""Problems that are told in the gateway's own words: what a reader says otherwise may quote the body."""
_UNCHANGED: Final = "its body cannot be read any more once it is changed"


class UnkeptError(Exception):
    """An obligation cannot be kept; the message is for people and the ledger, and quotes nothing of the body."""


class NoLongerKeptError(UnavailableError):
    """What policy demanded of the backend was true when it decided, and is not any more: nothing was forwarded."""

    code = "obligation-lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A submission as it is run: what was changed, and what is remembered of it."""

    measured: ProgramFacts
    obliged: Obliged = field(default_factory=Obliged)
    written: bytes | None = field(default=None, repr=False)
    """The body as it is run, where that is not what was received."""
    tags: tuple[str, ...] = ()
    """What the job shows beside its own tags."""
    made: tuple[Change, ...] = ()
    undo: Undo = field(default_factory=Undo)

    @property
    def document(self) -> bytes:
        """Write what undoes the changes in results; names are the client's, so this is sealed."""
        return restoring.written(self.undo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Keeps the obligations of decisions."""

    sandbox: Sandbox
    fleet: Fleet
    outbound: Outbound
    clock: Clock

    async def keep(
        self,
        caller: Caller,
        submission: Submission,
        measured: ProgramFacts,
        decision: Decision,
        berth: Berth,
        *,
        moved: bool = False,
    ) -> Kept:
        """Make a submission what it must be to run at a place, in that place's words.

        Args:
            caller: who asked.
            submission: as it was received.
            measured: what was measured of that.
            decision: what is obliged.
            berth: where it goes.
            moved: whether it goes elsewhere than it asked to: then it is written anew for that hardware.

        Raises:
            UnkeptError: an obligation cannot be kept.
            NotTranslatableError, UnreadablePayloadError: the place speaks another language, and cannot be told.
            UnavailableError: no worker was free.
        """
        duties = Duties.of(decision)
        obliged = Obliged(calibration_seconds=duties.calibration_seconds, regions=duties.regions)
        self._check(duties, obliged, berth)
        spoken = berth.upstream.dialect
        foreign = spoken is not None and (moved or spoken != submission.dialect)
        as_it_came = spoken == submission.dialect and not moved
        first = duties.changes if as_it_came else duties.changes.of_the_work
        edited, after = await self._edited(caller, submission.dialect, submission.body, first)
        _check_parts(edited, after, berth, foreign=foreign)
        made, body = edited.made, edited.body
        if foreign:
            body = await self.outbound.written(caller, replace(submission, body=body), berth.backend)
            told, _ = await self._edited(caller, spoken or "", body, duties.changes.of_the_request)
            made, body = (*made, *told.made), told.body
        return Kept(
            measured=after or measured,
            obliged=replace(obliged, words=tuple(each.words for each in made)),
            written=body if foreign or made else None,
            tags=tuple(tag for tag in duties.changes.tags if tag not in submission.tags),
            made=made,
            undo=edited.undo,
        )

    async def _edited(
        self, caller: Caller, dialect: str, body: bytes, changes: Changes
    ) -> tuple[Edited, ProgramFacts | None]:
        if not changes:
            return Edited(body=body, made=()), None
        try:
            return await self.sandbox.edit(
                reader=dialect,
                body=body,
                changes=changes,
                project_id=caller.project.id,
                principal_id=caller.principal.id,
            )
        except UnreadablePayloadError as error:
            raise UnkeptError(error.message if error.problem in _OWN_WORDS else _UNCHANGED) from None

    def _check(self, duties: Duties, obliged: Obliged, berth: Berth) -> None:
        """Look at what no change of the body brings about."""
        if duties.execution_seconds is not None and not berth.upstream.bounds_time:
            raise UnkeptError(f"{berth.backend.vendor} cannot be told how long a job may run")
        if problem := lapsed(obliged, berth, self.clock):
            raise UnkeptError(problem)


def _check_parts(edited: Edited, after: ProgramFacts | None, berth: Berth, *, foreign: bool) -> None:
    """Look at what only the place of a job that goes in parts can say."""
    if not edited.undo.parts:
        return
    most, circuits = berth.backend.max_circuits, 0 if after is None else len(after.circuits)
    if foreign:
        raise UnkeptError("a job that is written anew for its place cannot be sent in parts")
    if circuits > most:
        raise UnkeptError(f"in parts it is {circuits} circuits, and {berth.backend.name} takes at most {most}")


def unkept(decision: Decision, error: UnkeptError) -> Decision:
    """Turn a decision into the denial that it is when what it obliges to cannot be done."""
    finding = Finding(
        rule=RULE,
        message=f"policy lets the job go under conditions that cannot be met: {error}",
        remedy="change the job as the message says, choose another backend, or ask whoever keeps the policies",
    )
    return replace(decision, allow=False, deny=(finding,), placement=None)


def lapsed(obliged: Obliged, berth: Berth, clock: Clock) -> str:
    """Say what a place lacks that policy demands of it; empty when nothing."""
    if obliged.regions is not None and berth.backend.region not in obliged.regions:
        allowed = ", ".join(obliged.regions) or "no region at all"
        return f"{berth.backend.name} is in {berth.backend.region}, and the job may run only in {allowed}"
    if obliged.calibration_seconds is None:
        return ""
    calibration = berth.calibration()
    if calibration is None:
        return f"{berth.backend.name} has no calibration, and the job may run only on a fresh one"
    age = int((clock.now() - calibration.taken_at).total_seconds())
    if age > obliged.calibration_seconds:
        return (
            f"the calibration of {berth.backend.name} is {age} s old, "
            f"and the job may run only on one of at most {obliged.calibration_seconds} s"
        )
    return ""


def check_still_kept(obliged: Obliged, backend: str, fleet: Fleet, clock: Clock) -> None:
    """Look once more, right before a job leaves.

    Raises:
        NoLongerKeptError: the backend's calibration aged, or the backend is gone or somewhere else.
    """
    if obliged.regions is None and obliged.calibration_seconds is None:
        return
    berth = fleet.find(backend)
    problem = f"{backend} is not listed now" if berth is None else lapsed(obliged, berth, clock)
    if problem:
        raise NoLongerKeptError(f"nothing was forwarded: {problem}; submit it again later")
