"""Changes that policy obliges, made in IonQ's bodies; loaded in worker processes only.

IonQ has neither tags nor private jobs: tags are metadata, and a job that must be private is not sent.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.domain.changes import METADATA, NAMES, TAGS, Change, Changes, Edited, Undo
from gateway.domain.circuit import ProgramFacts
from gateway.domain.openqasm_names import LANGUAGE, STANDARD_GATES, registers, renamed
from gateway.ports import editor
from gateway.ports.reader import Program

_TAG = "qgw:"
_NAMED = ("name",)
_WORDS = LANGUAGE | STANDARD_GATES


class IonqEditor:
    """Edits what `POST /jobs` receives."""

    name = "ionq"

    def edit(
        self,
        body: bytes,
        program: Program,
        facts: ProgramFacts,  # noqa: ARG002  # the program says its shots itself
        changes: Changes,
    ) -> Edited:
        """Make every change that is asked for.

        Raises:
            UnreadableError: `unkept`: the job must be private or in parts, or its registers cannot go by other names.
        """
        if changes.private:
            raise editor.unkept("IonQ has no private jobs")
        editor.check_whole(changes, max(item.shots or 0 for item in program.items), "IonQ")
        document: dict[str, Any] = json.loads(body)
        labels = _labels(document) if changes.relabel else {}
        made = tuple(_made(document, program, changes, labels))
        return Edited(
            body=json.dumps(document, separators=(",", ":")).encode() if made else body,
            made=made,
            undo=Undo(registers=({new: own for own, new in labels.items()},) * len(program.items) if labels else ()),
        )


def _made(document: dict[str, Any], program: Program, changes: Changes, labels: Mapping[str, str]) -> Iterator[Change]:
    most = changes.most_shots
    if most is not None and any((item.shots or 0) > most for item in program.items):
        document["shots"] = most
        yield editor.capped("/shots", most)
    if NAMES in changes.strip and _unname(document):
        yield editor.stripped("/input", NAMES)
    if METADATA in changes.strip and _drop(document, tags=False):
        yield editor.stripped("/metadata", METADATA)
    if TAGS in changes.strip and _drop(document, tags=True):
        yield editor.stripped("/metadata", TAGS)
    if labels:
        given = document["input"]
        given["data"] = renamed(given["data"], labels).source
        yield editor.relabelled("/input/data")
    if changes.tags:
        metadata = document.get("metadata") or {}
        document["metadata"] = {**metadata, **dict(tag.split("=", 1) for tag in changes.tags)}
        yield editor.tagged("/metadata", changes.tags)


def _unname(document: dict[str, Any]) -> bool:
    """Leave out what the job, its circuits and all in a program's text are called; registers keep their names."""
    given = document["input"]
    holders = [document, *given.get("circuits", [])]
    found = [holder.pop(name) for holder in holders for name in _NAMED if name in holder]
    before = given.get("data")
    if isinstance(before, str):
        given["data"] = renamed(before, {name: name for name in registers(before)}, words=_WORDS).source
    return bool(found) or given.get("data") != before


def _drop(document: dict[str, Any], *, tags: bool) -> bool:
    metadata = document.get("metadata") or {}
    kept = {key: value for key, value in metadata.items() if key.startswith(_TAG) is not tags}
    if len(kept) == len(metadata):
        return False
    document["metadata"] = kept
    return True


def _labels(document: Mapping[str, Any]) -> dict[str, str]:
    """Give every register of a program's text a name that says nothing; a list of gates has none.

    Raises:
        UnreadableError: `unkept`: IonQ is told of registers in a way of its own.
    """
    if any("registers" in circuit for circuit in document["input"].get("circuits", [])):
        raise editor.unkept("registers that are listed beside a circuit cannot be told apart again in IonQ's results")
    text = document["input"].get("data")
    named = registers(text) if isinstance(text, str) else ()
    return {name: f"r{place}" for place, name in enumerate(named)}
