"""Labels of circuits as an administrator sees them: what is remembered of a job's circuits, and taken back.

A label is lowered for the circuits of one recorded decision, by somebody, for a reason, in one entry. Whoever else has
labelled the same circuit in a project of their own keeps that: what a project labelled itself always binds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.casework.entries import OPERATOR, AdminEntries
from gateway.casework.names import checked_reason
from gateway.casework.recorded import Recorded, Recordings
from gateway.domain.classification import Classification, highest
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.principal import Project
from gateway.domain.remembered import Marks, Recognition
from gateway.store import circuit_labels, projects
from gateway.store.circuit_labels import KeptLabel
from gateway.store.engine import Database


class CircuitsUnknownError(RefusedError):
    """Nobody can say any more which circuits a decision was about."""

    code = "circuits-unknown"

    def __init__(self, why: str) -> None:
        super().__init__(f"the circuits of this decision are not known ({why}); name another job that had them")


class _Circuit(msgspec.Struct, frozen=True):
    digest: str
    two_qubit_gates: int
    multi_qubit_gates: int
    fingerprint: str | None = None
    skeleton: str | None = None


class _Facts(msgspec.Struct, frozen=True):
    circuits: tuple[_Circuit, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitReport:
    """What is remembered of one circuit of a job, for the job's project."""

    number: int
    """From 0, as in the submission."""
    fingerprint: str | None
    kept: tuple[KeptLabel, ...]
    """Its labels, for its project and for others."""
    resembling: tuple[KeptLabel, ...]
    """Those of circuits with the same skeleton, its own among them."""

    @property
    def label(self) -> Classification:
        """Give the highest label that binds it."""
        return highest(each.label for each in self.kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitLabels:
    """Shows and lowers what circuits were labelled."""

    database: Database
    entries: AdminEntries
    recordings: Recordings
    recognition: Recognition
    clock: Clock

    async def count(self) -> Mapping[tuple[Classification, bool], int]:
        """Count what is remembered, by label and by whether it is fixed."""
        async with self.database.reading() as connection:
            return await circuit_labels.count(connection)

    async def of(self, name: str) -> list[CircuitReport]:
        """Show what is remembered of the circuits of a job, or of a denied one by its decision.

        Raises:
            DecisionUnknownError: there is no such job or decision.
            CircuitsUnknownError: its facts were erased, or it had no readable circuits.
        """
        _, circuits, marks, kept = await self._find(name)
        return [
            CircuitReport(
                number=number,
                fingerprint=circuit.fingerprint,
                kept=tuple(kept[mark] for mark in each.same if mark in kept),
                resembling=tuple(kept[mark] for mark in each.alike if mark in kept),
            )
            for number, (circuit, each) in enumerate(zip(circuits, marks, strict=True))
        ]

    async def lower(
        self, name: str, *, to: Classification, reason: str, for_good: bool = False, by: str = OPERATOR
    ) -> int:
        """Lower the labels of a decision's circuits; gives how many labels changed, and none is ever raised.

        Args:
            name: of a job, by either of its ids, or of a decision.
            to: what they count as from now on.
            reason: why, for the ledger.
            for_good: whether later submissions leave it at that, as for circuits of a textbook.
            by: who acts.

        Raises:
            DecisionUnknownError, CircuitsUnknownError: as `of` does.
            LabelRaisedError: somebody gave one of them a higher label meanwhile; nothing changed.
            ReasonRefusedError: there is no reason, or it does not fit on a line.
        """
        told = checked_reason(reason)
        recorded, circuits, _, kept = await self._find(name)
        changed = {mark: each for mark, each in kept.items() if _is_changed(each, to, for_good=for_good)}
        if not changed:
            return 0
        now = self.clock.now()
        await self.entries.record(
            "label.lowered",
            by=by,
            project_id=recorded.project_id,
            rows=[
                circuit_labels.lowered(mark, to, now, fixed=for_good or each.fixed, before=each.label)
                for mark, each in sorted(changed.items())
            ],
            body={
                "decision": recorded.decision_id,
                "circuits": len(circuits),
                "labels": len(changed),
                "before": highest(each.label for each in changed.values()).value,
                "after": to.value,
                "for_good": for_good,
                "reason": told,
            },
            people={},
        )
        return len(changed)

    async def _find(self, name: str) -> tuple[Recorded, Sequence[_Circuit], Sequence[Marks], Mapping[str, KeptLabel]]:
        recorded = await self.recordings.find(name)
        circuits = _circuits(recorded)
        async with self.database.reading() as connection:
            project = _project(await projects.every(connection), recorded)
            marks = [self.recognition.marks(project, circuit) for circuit in circuits]
            kept = await circuit_labels.find(connection, dict.fromkeys(mark for each in marks for mark in each.all))
        return recorded, circuits, marks, kept


def _is_changed(kept: KeptLabel, to: Classification, *, for_good: bool) -> bool:
    return kept.label.rank > to.rank or (for_good and not kept.fixed and kept.label is to)


def _circuits(recorded: Recorded) -> Sequence[_Circuit]:
    if not recorded.facts:
        raise CircuitsUnknownError(recorded.problem)
    circuits = msgspec.json.decode(recorded.facts, type=_Facts).circuits
    if not circuits:
        raise CircuitsUnknownError("its payload could not be read")
    return circuits


def _project(known: Sequence[Project], recorded: Recorded) -> Project:
    found = next((each for each in known if each.id == recorded.project_id), None)
    if found is None:
        raise CircuitsUnknownError("its project is gone")
    return found


def told(report: CircuitReport) -> dict[str, Any]:
    """Write a report as plain values."""
    top = max(report.kept, key=lambda each: each.label.rank, default=None)
    return {
        "circuit": report.number,
        "fingerprint": report.fingerprint,
        "label": report.label.value,
        "since": None if top is None else top.since,
        "fixed": any(each.fixed for each in report.kept),
        "resembles": highest(each.label for each in report.resembling).value,
    }
