"""The process that reads payloads: a zygote imports and warms up, its forks read.

Order: bind to the parent, leave the network, import, read samples so that nothing is left to import, give up
rights, fork on demand. Started as `python -m gateway.circuits.worker PASSAGE ORDERS`.
"""

import contextlib
import importlib
import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from gateway.circuits import redact
from gateway.circuits.limits import SandboxLimits
from gateway.circuits.measure import Known, measure
from gateway.circuits.same import check_values, checked
from gateway.circuits.scan import looks, scan
from gateway.circuits.texts import Texts
from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.changes import LEAKS, Changes
from gateway.domain.circuit import ProgramFacts
from gateway.domain.leaks import Action, LeakRule, LeakRules, Scan
from gateway.ports.editor import Editor
from gateway.ports.reader import Encoder, Program, Reader, UnreadableError
from gateway.processes.child import bind_to_parent, cpu_budget, harden, isolate_network
from gateway.processes.zygote import serve_forks

_SAMPLE: Final = Backend(
    name="sample",
    upstream="sample",
    vendor="sample",
    region="nowhere",
    kind=ExecutionKind.HARDWARE,
    qubits=127,
    basis_gates=("cz", "rz", "sx", "x"),
    gates=(),
    coupling_map=tuple((low, low + 1) for low in range(126)),
    supported_instructions=("cz", "rz", "sx", "x", "measure"),
    max_shots=100_000,
    max_circuits=300,
    dynamic_circuits=False,
    processor_family="sample",
    processor_revision="1",
    version="1",
    online_since=datetime(2026, 1, 1, tzinfo=UTC),
    description="what encoders warm up with",
    rep_delay_seconds=(0.0, 0.0, 0.0),
    dt_seconds=1e-9,
)


_EVERY_RULE: Final = LeakRules(
    (LeakRule(id="warm-up", says="nothing", action=Action.WARN, severity="low", words=("éa",), patterns=("a",)),)
)


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What the parent hands over on the command line, as JSON."""

    readers: dict[str, str]
    """Name to `module:attribute`."""
    limits: SandboxLimits
    encoders: dict[str, str] = {}
    """Likewise."""
    editors: dict[str, str] = {}
    """Likewise."""


class Worker:
    """Reads one payload after the other, and measures, translates or changes it."""

    def __init__(
        self,
        readers: Mapping[str, Reader],
        limits: SandboxLimits,
        encoders: Mapping[str, Encoder] | None = None,
        editors: Mapping[str, Editor] | None = None,
    ) -> None:
        self._readers, self._limits = readers, limits
        self._encoders, self._editors = encoders or {}, editors or {}
        self._known, self._reading = Known(), limits.reading

    def warm_up(self) -> None:
        """Read, measure, translate and change every sample, so that nothing is imported once rights are given up."""
        for reader in self._readers.values():
            for body in reader.samples():
                program = reader.read(body, self._reading)
                measure(program)
                scan(Texts.of(body, program), looks(_EVERY_RULE.encoded))
                self._try_encoders(program)
                self._try_editor(reader.name, body, program)

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer `{"reader", "body"}` with `{"facts"}`, or with an `encoder` and a `backend` besides with `{"body"}`.

        With `changes` besides it is `{"edited", "facts"}`, the facts being those of the changed body; with `rules`, the
        facts say what its texts hold. `{"documents", "rules"}` is answered with `{"screened"}`. What cannot be done is
        `{"problem", "message", "tainted"}`.
        """
        cpu_budget(self._limits.cpu_seconds)
        try:
            return self._answered(message)
        except UnreadableError as error:
            return _problem(error.code, error.message, tainted=False)
        except MemoryError:
            return _problem("too-costly", "", tainted=True)
        except BaseException:  # noqa: BLE001  # a panic in Rust is no Exception, and its text quotes the payload
            return _problem("malformed", "the payload is malformed and made its reader fail", tainted=True)

    def _answered(self, message: Mapping[str, Any]) -> dict[str, Any]:
        if "documents" in message:
            screened = redact.screen(message["documents"], looks(message["rules"]))
            return {"screened": msgspec.to_builtins(screened, builtin_types=(bytes,))}
        program = self._readers[message["reader"]].read(message["body"], self._reading)
        if "encoder" in message:
            return {"body": self._encoded(message["encoder"], program, message["backend"])}
        if "changes" in message:
            return self._edited(message, program)
        return {"facts": msgspec.to_builtins(self._looked_through(message, program))}

    def _looked_through(self, message: Mapping[str, Any], program: Program) -> ProgramFacts:
        """Measure a program, and look through its texts where rules came along."""
        facts = measure(program, self._known)
        if "rules" not in message:
            return facts
        rules = looks(message["rules"])
        return replace(facts, scan=scan(Texts.of(message["body"], program), rules) if rules else Scan())

    def _encoded(self, encoder: str, program: Program, backend: Mapping[str, Any]) -> bytes:
        if any(item.shape for item in program.items):
            raise UnreadableError("not-translatable", "its circuits have several parameter sets each; bind them first")
        return self._encoders[encoder].encode(program, backend=msgspec.convert(backend, Backend), shots=None)

    def _edited(self, message: Mapping[str, Any], program: Program) -> dict[str, Any]:
        """Change a body, and read it once more: whatever it is called now, its circuits are the same."""
        reader, changes = message["reader"], msgspec.convert(message["changes"], Changes)
        facts = measure(program, self._known)
        edited = self._editors[reader].edit(message["body"], program, facts, changes)
        made = self._readers[reader].read(edited.body, self._reading)
        same = checked(facts, measure(made, self._known), changes, edited.undo.parts)
        check_values(made.items, edited.undo.parts)
        return {"edited": msgspec.to_builtins(edited, builtin_types=(bytes,)), "facts": msgspec.to_builtins(same)}

    def _try_editor(self, reader: str, body: bytes, program: Program) -> None:
        if reader in self._editors:
            with contextlib.suppress(UnreadableError):
                everything = Changes(most_shots=2, part_shots=1, strip=LEAKS, relabel=True)
                self._editors[reader].edit(body, program, measure(program), everything)

    def _try_encoders(self, program: Program) -> None:
        for encoder in self._encoders.values():
            with contextlib.suppress(UnreadableError):
                encoder.encode(program, backend=_SAMPLE, shots=None)


def _problem(code: str, message: str, *, tainted: bool) -> dict[str, Any]:
    return {"problem": code, "message": message, "tainted": tainted}


def _made(where: str) -> Any:
    module, _, attribute = where.partition(":")
    return getattr(importlib.import_module(module), attribute)()


def main(passage: str, orders: str) -> None:
    """Warm up, give up rights, and fork until the parent goes."""
    bind_to_parent()
    # Where this is not allowed, `harden` tries again and says so.
    with contextlib.suppress(OSError):
        isolate_network()
    given = msgspec.json.decode(orders, type=Orders)
    warnings.simplefilter("ignore")
    readers: dict[str, Reader] = {name: _made(where) for name, where in given.readers.items()}
    encoders: dict[str, Encoder] = {name: _made(where) for name, where in given.encoders.items()}
    editors: dict[str, Editor] = {name: _made(where) for name, where in given.editors.items()}
    worker = Worker(readers, given.limits, encoders, editors)
    worker.warm_up()
    missed = harden(given.limits.address_space_bytes)
    serve_forks(worker.answer, int(passage), greeting={"missed": missed})


if __name__ == "__main__":
    main(*sys.argv[1:])
