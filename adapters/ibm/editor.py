"""Changes that policy obliges, made in IBM's bodies; loaded in worker processes only.

A circuit that must lose names or metadata is written again, in the encoding it came in. What a client has passed
through for itself is left out with the metadata, and put back into the results (`restored.py`).
"""

import base64
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.ibm import splitting
from adapters.ibm.reader import unnamed
from gateway.domain.changes import METADATA, NAMES, TAGS, Change, Changes, Edited, Registers, Undo
from gateway.domain.circuit import ProgramFacts
from gateway.domain.openqasm_names import LANGUAGE, STANDARD_GATES, registers, renamed
from gateway.ports import editor
from gateway.ports.reader import Item, Program

MOST_TAGS = 7
"""IBM keeps eight, and one of them is the gateway's mark."""
_SHOTS, _PRECISION = 2, 3
"""Where they stand in a pub."""
_VALUES = {"sampler": 1, "estimator": 2}
_UNCOMPRESSED = ("v0.1", "v0.2", "v1.0", "v1.1")
_WORDS = LANGUAGE | STANDARD_GATES


class IbmEditor:
    """Edits what `POST /jobs` receives."""

    name = "ibm"

    def edit(self, body: bytes, program: Program, facts: ProgramFacts, changes: Changes) -> Edited:
        """Make every change that is asked for.

        Raises:
            UnreadableError: `unkept`: a circuit cannot be written without its names or sent in parts, or IBM takes no
                more tags.
        """
        document: dict[str, Any] = json.loads(body)
        made = [*_capped(document, program, facts, changes), *_told(document, changes)]
        labels: Registers = ()
        if changes.relabel or {NAMES, METADATA} & set(changes.strip):
            circuits = _Circuits(document, program, changes)
            labels = circuits.rewrite()
            made += circuits.made()
        # Last, so that what is written again is written once, however many parts it has.
        if parts := splitting.parts(program, facts, changes):
            splitting.split(document, program, parts)
            made.append(editor.split("/params/pubs", changes.part_shots or 0))
        written = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        return Edited(body=written if made else body, made=tuple(made), undo=Undo(registers=labels, parts=parts))


# ── how often it runs ────────────────────────────────────────────────────────────────────────────
def _capped(document: dict[str, Any], program: Program, facts: ProgramFacts, changes: Changes) -> Iterator[Change]:
    most = changes.most_shots
    if most is None or all(each.shots <= most for each in facts.circuits):
        return
    params = document["params"]
    if program.kind == "executor":
        params["quantum_program"]["shots"] = most
        yield editor.capped("/params/quantum_program/shots", most)
        return
    for pub, item, measured in zip(params["pubs"], program.items, facts.circuits, strict=True):
        if measured.shots > most and program.kind == "sampler":
            _put(pub, _SHOTS, most)
        elif measured.shots > most:
            _put(pub, _PRECISION, _coarser(item, measured.shots, most))
    yield editor.capped("/params/pubs", most)


def _coarser(item: Item, shots: int, most: int) -> float:
    """Give the finest precision that so many shots can have; every measurement basis takes its share of them."""
    share = most // max(1, shots // math.ceil(1 / (item.precision or 1.0) ** 2))
    if not share:
        raise editor.unkept(f"its observables need more than {most} shots, whatever their precision")
    precision = 1 / math.sqrt(share)
    while math.ceil(1 / precision**2) > share:
        precision = math.nextafter(precision, 1.0)
    return precision


def _put(pub: list[Any], place: int, value: float) -> None:
    pub.extend([None] * (place + 1 - len(pub)))
    pub[place] = value


# ── what is said about it ────────────────────────────────────────────────────────────────────────
def _told(document: dict[str, Any], changes: Changes) -> Iterator[Change]:
    if TAGS in changes.strip and _drop_tags(document):
        yield editor.stripped("/tags", TAGS)
    if changes.tags:
        document["tags"] = list(dict.fromkeys([*(document.get("tags") or []), *changes.tags]))
        if len(document["tags"]) > MOST_TAGS:
            raise editor.unkept(f"IBM keeps {MOST_TAGS} tags beside the gateway's mark, and it has as many already")
        yield editor.tagged("/tags", changes.tags)
    if changes.private and not document.get("private"):
        document["private"] = True
        yield editor.hidden("/private")


def _drop_tags(document: dict[str, Any]) -> bool:
    environment = ((document["params"].get("options") or {}).get("environment")) or {}
    told = environment.pop("job_tags", None) if isinstance(environment, dict) else None
    return bool(document.pop("tags", None) or told)


# ── the circuits ─────────────────────────────────────────────────────────────────────────────────
class _Circuits:
    """The circuits of one body, written again."""

    def __init__(self, document: dict[str, Any], program: Program, changes: Changes) -> None:
        self._params, self._program, self._changes = document["params"], program, changes
        self._names, self._metadata = NAMES in changes.strip, METADATA in changes.strip

    def rewrite(self) -> Registers:
        """Write all of them; gives the registers that go by other names."""
        if self._program.kind == "executor":
            self._executor(self._params["quantum_program"])
        else:
            for pub, item in zip(self._params["pubs"], self._program.items, strict=True):
                self._pub(pub, item)
        if not self._changes.relabel:
            return ()
        return tuple({new: own for own, new in self._labels(item).items()} for item in self._program.items)

    def made(self) -> Iterator[Change]:
        """Tell what was done."""
        place = "/params/quantum_program" if self._program.kind == "executor" else "/params/pubs"
        yield from (editor.stripped(place, leak) for leak in (NAMES, METADATA) if leak in self._changes.strip)
        if any(self._labels(item) for item in self._program.items):
            yield editor.relabelled(place)

    def _labels(self, item: Item) -> Mapping[str, str]:
        return unnamed.registers(item.circuit) if self._changes.relabel else {}

    def _pub(self, pub: list[Any], item: Item) -> None:
        given = pub[0]
        if isinstance(given, str):
            pub[0], names = self._text(given, item)
            place = _VALUES[self._program.kind]
            if len(pub) > place and isinstance(pub[place], dict) and "__type__" not in pub[place]:
                pub[place] = {names.get(name, name): value for name, value in pub[place].items()}
            return
        raw = zlib.decompress(base64.b64decode(given["__value__"]))
        packed = unnamed.written([self._unnamed(item)], version=unnamed.version_of(raw))
        pub[0] = {"__type__": "QuantumCircuit", "__value__": _text(zlib.compress(packed))}

    def _text(self, source: str, item: Item) -> tuple[str, Mapping[str, str]]:
        """Rename what a program's text names; registers keep their names unless they are to get others."""
        own = {name: name for name in registers(source)} | dict(self._labels(item))
        new = renamed(source, own, words=_WORDS if self._names else None)
        return new.source, new.names

    def _unnamed(self, item: Item) -> Any:
        return unnamed.unnamed(item.circuit, self._labels(item), names=self._names, metadata=self._metadata)

    def _executor(self, program: dict[str, Any]) -> None:
        if self._changes.relabel and any(item.samplex for item in self._program.items):
            raise editor.unkept("registers of a circuit whose parameters are drawn at IBM are known there by name")
        if self._metadata:
            program["passthrough_data"] = None
        compressed = self._params["schema_version"] not in _UNCOMPRESSED
        shared = program.get("circuits")
        if shared is None:
            for entry, item in zip(program["items"], self._program.items, strict=True):
                entry["circuit"]["circuit_b64"] = self._packed(entry["circuit"]["circuit_b64"], [item], compressed)
        elif "b64_data" in shared:
            shared["b64_data"] = self._packed(shared["b64_data"], self._program.items, compressed)
        else:
            pairs = zip(shared["data"], self._program.items, strict=True)
            shared["data"] = [self._text(source, item)[0] for source, item in pairs]

    def _packed(self, given: str, items: Any, compressed: bool) -> str:  # noqa: FBT001  # a fact of the schema
        raw = base64.b64decode(given)
        version = unnamed.version_of(zlib.decompress(raw) if compressed else raw)
        packed = unnamed.written([self._unnamed(item) for item in items], version=version)
        return _text(zlib.compress(packed) if compressed else packed)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
