"""The process that reads payloads: a zygote imports and warms up, its forks read.

Order: bind to the parent, leave the network, import, read samples so that nothing is left to import, give up
rights, fork on demand. Started as `python -m gateway.circuits.worker PASSAGE ORDERS`.
"""

import contextlib
import importlib
import sys
import warnings
from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.circuits.limits import SandboxLimits
from gateway.circuits.measure import measure
from gateway.ports.reader import Reader, UnreadableError
from gateway.processes.child import bind_to_parent, cpu_budget, harden, isolate_network
from gateway.processes.zygote import serve_forks


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What the parent hands over on the command line, as JSON."""

    readers: dict[str, str]
    """Name to `module:attribute`."""
    limits: SandboxLimits


class Worker:
    """Reads and measures one payload after the other."""

    def __init__(self, readers: Mapping[str, Reader], limits: SandboxLimits) -> None:
        self._readers, self._limits = readers, limits

    def warm_up(self) -> None:
        """Read and measure every sample, so that nothing is imported once rights are given up."""
        for reader in self._readers.values():
            for body in reader.samples():
                measure(reader.read(body, self._limits.reading))

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Measure `{"reader", "body"}`: gives `{"facts"}`, or `{"problem", "message", "tainted"}`."""
        cpu_budget(self._limits.cpu_seconds)
        try:
            program = self._readers[message["reader"]].read(message["body"], self._limits.reading)
            return {"facts": msgspec.to_builtins(measure(program))}
        except UnreadableError as error:
            return _problem(error.code, error.message, tainted=False)
        except MemoryError:
            return _problem("too-costly", "", tainted=True)
        except BaseException:  # noqa: BLE001  # a panic in Rust is no Exception, and its text quotes the payload
            return _problem("malformed", "the payload is malformed and made its reader fail", tainted=True)


def _problem(code: str, message: str, *, tainted: bool) -> dict[str, Any]:
    return {"problem": code, "message": message, "tainted": tainted}


def _reader(where: str) -> Reader:
    module, _, attribute = where.partition(":")
    made: Reader = getattr(importlib.import_module(module), attribute)()
    return made


def main(passage: str, orders: str) -> None:
    """Warm up, give up rights, and fork until the parent goes."""
    bind_to_parent()
    # Where this is not allowed, `harden` tries again and says so.
    with contextlib.suppress(OSError):
        isolate_network()
    given = msgspec.json.decode(orders, type=Orders)
    warnings.simplefilter("ignore")
    worker = Worker({name: _reader(where) for name, where in given.readers.items()}, given.limits)
    worker.warm_up()
    missed = harden(given.limits.address_space_bytes)
    serve_forks(worker.answer, int(passage), greeting={"missed": missed})


if __name__ == "__main__":
    main(*sys.argv[1:])
