"""Decodes CreateQuantumTask bodies inside a worker process: OpenQASM 3 as Braket's service takes it.

Problem codes of `UnreadableError`, a closed list: `malformed`, `too-large`, `program`, `openqasm`, `parameters`,
`measurement`, `results`.
"""

from collections.abc import Sequence

import numpy as np

from adapters.braket import actions
from adapters.braket.reader import program, samples
from adapters.braket.wire import CreateTaskBody, OpenQasmAction
from gateway.domain.errors import RefusedError
from gateway.ports import bodies
from gateway.ports.reader import Binding, Item, Program, ReadLimits, UnreadableError

__all__ = ["BraketReader"]


class BraketReader:
    """Reads what `POST /quantum-task` receives. Nothing is transpiled or run."""

    name = "braket"

    def samples(self) -> Sequence[bytes]:
        """Give bodies that touch every part of the reader."""
        return samples.samples()

    def read(self, body: bytes, limits: ReadLimits) -> Program:
        """Decode a received body.

        Raises:
            UnreadableError: malformed, not an OpenQASM program, or over a limit.
        """
        task, action, options = _checked(body)
        if len(action.source) > limits.decompressed_bytes:
            raise UnreadableError("too-large", f"the program has more than {limits.decompressed_bytes} characters")
        circuit = program.circuit(action.source, action.inputs or {})
        item = Item(
            circuit=circuit,
            shape=(),
            bind=lambda _seed: Binding(values=np.zeros(0)),
            shots=task.shots,
            precision=None,
            observables=None,
        )
        return Program(kind="sampler", items=(item,), options=options, payload_versions=("braket-openqasm-3",))


def _checked(body: bytes) -> tuple[CreateTaskBody, OpenQasmAction, dict[str, object]]:
    try:
        task = bodies.parse(CreateTaskBody, body)
        return task, actions.action(task), actions.options(task)
    except RefusedError as error:
        # The dialect checked the same body with the same models, so this is for whoever comes another way.
        raise UnreadableError("malformed", error.message) from None
