"""What the exit status of every command means; `docs/reference/cli.md` repeats this table."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from gateway.domain.errors import GatewayError, InsecureError, UnavailableError


class Exit(IntEnum):
    """Scripts may rely on these."""

    DONE = 0
    NO = 1
    USAGE = 2
    UNAVAILABLE = 3
    DEFECT = 70
    INTERRUPTED = 130


MEANING: Final[Mapping[Exit, str]] = {
    Exit.DONE: "done; whatever was checked holds",
    Exit.NO: "the answer is no: refused, not found, or a check that does not hold; asking again changes nothing",
    Exit.USAGE: "the command line or the configuration is wrong or insecure; nothing was done",
    Exit.UNAVAILABLE: "something needed does not answer now; asking again may work",
    Exit.DEFECT: "a defect of the gateway; a trace is on stderr, please report it",
    Exit.INTERRUPTED: "interrupted from the keyboard",
}


def of(error: GatewayError) -> Exit:
    """Give the exit status of an error."""
    if isinstance(error, InsecureError):
        return Exit.USAGE
    return Exit.UNAVAILABLE if isinstance(error, UnavailableError) else Exit.NO
