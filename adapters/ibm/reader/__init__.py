"""Decodes IBM job bodies inside a worker process: the programs `sampler`, `estimator` and `executor`.

Problem codes of `UnreadableError`, a closed list: `malformed`, `too-large`, `program`, `qpy-version`, `openqasm`,
`schema-version`, `samplex-version`, `samplex`, `shots`, `precision`, `parameters`, `observables`.
"""

from collections.abc import Sequence

from adapters.ibm.reader import executor, pubs, samples
from adapters.ibm.reader.strict import expect, loads
from gateway.ports.reader import Program, ReadLimits, UnreadableError

__all__ = ["IbmReader"]

_PROGRAMS = {"sampler": pubs.sampler, "estimator": pubs.estimator, "executor": executor.executor}


class IbmReader:
    """Reads what `POST /jobs` receives. Nothing is transpiled, decomposed or run."""

    name = "ibm"

    def samples(self) -> Sequence[bytes]:
        """Give bodies that touch every part of the reader."""
        return samples.samples()

    def read(self, body: bytes, limits: ReadLimits) -> Program:
        """Decode a received body.

        Raises:
            UnreadableError: malformed, of an unsupported version, or over a limit.
        """
        document = expect(loads(body), dict, "the body")
        read = _PROGRAMS.get(expect(document.get("program_id"), str, "program_id"))
        if read is None:
            raise UnreadableError("program", f"program_id is not known; supported are {', '.join(_PROGRAMS)}")
        return read(expect(document.get("params"), dict, "params"), limits)
