"""Changes that policy obliges, made in Braket's bodies; loaded in worker processes only.

Braket keeps every task of an account alike: one that must be private is not sent. Its results name no registers.
"""

import json
from collections.abc import Iterator
from typing import Any

from adapters.braket import pragmas
from adapters.braket.openqasm import GATES
from gateway.domain.changes import NAMES, TAGS, Change, Changes, Edited
from gateway.domain.circuit import ProgramFacts
from gateway.domain.openqasm_names import LANGUAGE, registers, renamed
from gateway.ports import editor
from gateway.ports.reader import Program

_PRAGMAS = frozenset(
    {
        "braket", "result", "verbatim", "unitary", "noise", "all", "expectation", "variance", "sample", "probability",
        "hermitian", "state_vector", "density_matrix", "amplitude", "adjoint_gradient", "bit_flip", "phase_flip",
        "pauli_channel", "depolarizing", "two_qubit_depolarizing", "two_qubit_dephasing", "amplitude_damping",
        "generalized_amplitude_damping", "phase_damping", "kraus",
    }
)  # fmt: skip
_WORDS = LANGUAGE | GATES | _PRAGMAS


class BraketEditor:
    """Edits what `POST /quantum-task` receives."""

    name = "braket"

    def edit(
        self,
        body: bytes,
        program: Program,  # noqa: ARG002  # the body says its shots itself
        facts: ProgramFacts,  # noqa: ARG002  # likewise
        changes: Changes,
    ) -> Edited:
        """Make every change that is asked for.

        Raises:
            UnreadableError: `unkept`: the task must be private or in parts, or its results would be others.
        """
        if changes.private:
            raise editor.unkept("Amazon Braket has no private tasks")
        document: dict[str, Any] = json.loads(body)
        editor.check_whole(changes, document["shots"], "Amazon Braket")
        made = tuple(_made(document, changes))
        return Edited(body=json.dumps(document, separators=(",", ":")).encode() if made else body, made=made)


def _made(document: dict[str, Any], changes: Changes) -> Iterator[Change]:
    most = changes.most_shots
    if most is not None and document["shots"] > most:
        document["shots"] = most
        yield editor.capped("/shots", most)
    yield from _renamed(document, changes)
    if TAGS in changes.strip and document.get("tags"):
        document["tags"] = {}
        yield editor.stripped("/tags", TAGS)
    if changes.tags:
        document["tags"] = {**(document.get("tags") or {}), **dict(tag.split("=", 1) for tag in changes.tags)}
        yield editor.tagged("/tags", changes.tags)


def _renamed(document: dict[str, Any], changes: Changes) -> Iterator[Change]:
    """Rename what the program's text names, all of it or its registers, and the inputs that go by those names."""
    action = json.loads(document["action"])
    source, inputs = action["source"], action.get("inputs") or {}
    strip = NAMES in changes.strip
    labels = {name: f"r{place}" for place, name in enumerate(registers(source))} if changes.relabel else {}
    new = renamed(source, labels, words=_WORDS if strip else None)
    if new.source == source:
        return
    if _wanted(new.source) != _wanted(source):
        raise editor.unkept("its results would not be the same any more")
    named = {"inputs": {new.names.get(name, name): value for name, value in inputs.items()}} if inputs else {}
    document["action"] = json.dumps({**action, "source": new.source, **named}, separators=(",", ":"))
    if strip:
        yield editor.stripped("/action", NAMES)
    if labels:
        yield editor.relabelled("/action")


def _wanted(source: str) -> tuple[pragmas.ResultType, ...]:
    return pragmas.result_types(pragmas.outline(source))
