"""A reader that does what the body says and answers in the versions it claims to have seen."""

import os
import socket
import time
from collections.abc import Callable, Sequence

from gateway.ports.reader import Program, ReadLimits, UnreadableError


class PanicError(BaseException):
    """What a panic in Rust looks like in Python."""


class ProbeReader:
    name = "probe"

    def samples(self) -> Sequence[bytes]:
        return (b"pid",)

    def read(self, body: bytes, limits: ReadLimits) -> Program:  # noqa: ARG002  # the port's signature
        return Program(kind="sampler", items=(), options={}, payload_versions=tuple(ORDERS[body.decode()]()))


def refuse() -> list[str]:
    raise UnreadableError("probe-problem", "the probe was told to refuse")


def panic() -> list[str]:
    raise PanicError("SECRET token")


def spin() -> list[str]:
    while True:
        pass


def look() -> list[str]:
    return [str(os.geteuid()), ",".join(name for _, name in socket.if_nameindex()), *os.environ]


ORDERS: dict[str, Callable[[], list[str]]] = {
    "pid": lambda: [str(os.getpid())],
    "moment": lambda: [str(time.monotonic_ns())],
    "parent": lambda: [str(os.getppid())],
    "look": look,
    "refuse": refuse,
    "crash": lambda: [str(os.abort())],
    "panic": panic,
    "memory": lambda: [str(len(bytearray(2**30)))],
    "spin": spin,
    "sleep": lambda: [str(time.sleep(30))],
}
