"""Where pieces of the ledger are put for good: under a name once, and never anything else under it."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from gateway.domain.errors import RefusedError, UnavailableError

_READ_ONLY: Final = 0o440


class PlaceTakenError(RefusedError):
    """Something else lies under the name of a piece of the ledger."""

    code = "export-taken"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"something else is kept under the name {name!r} already: two ledgers may share one place, or somebody "
            "wrote there; nothing was changed. Look at it, and give this export a place of its own"
        )
        self.name = name


class PlaceUnavailableError(UnavailableError):
    """A piece of the ledger could not be put where it belongs; it is tried again."""

    code = "export-place"


class Place(Protocol):
    """A directory or a bucket."""

    async def put(self, name: str, content: bytes) -> None:
        """Keep a piece durably; the same one again is no error.

        Raises:
            PlaceTakenError: something else has that name.
            UnavailableError: it is not kept, or nobody knows.
        """
        ...


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory, on whatever the operator mounted there."""

    path: Path = field(repr=False)

    async def put(self, name: str, content: bytes) -> None:
        """Keep a file: whole or not at all, read-only, on the disk when this returns."""
        try:
            await asyncio.to_thread(self._put, name, content)
        except OSError as error:
            told = f"the directory of an export takes no file: {error.strerror or 'no reason given'}"
            raise PlaceUnavailableError(f"{told}; it must exist and be writable by the gateway") from None

    def _put(self, name: str, content: bytes) -> None:
        final, draft = self.path / name, self.path / f".{name}.part"
        with suppress(FileNotFoundError):
            draft.unlink()
        with draft.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            os.fchmod(stream.fileno(), _READ_ONLY)
        try:
            # A link, because a rename would put itself over whatever is there.
            os.link(draft, final)
        except FileExistsError:
            if final.read_bytes() != content:
                raise PlaceTakenError(name) from None
        finally:
            draft.unlink()
        self._settle()

    def _settle(self) -> None:
        """Make the name durable, too."""
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
