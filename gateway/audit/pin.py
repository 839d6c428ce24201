"""The last signed checkpoint, kept in a file beside the database and not in it.

A database that was restored from a backup does not know what was signed since; this file does. It is written before
anything that is signed is given out, so that a crash leaves at most a pin that nobody else has seen.
"""

import os
from pathlib import Path
from typing import Final

from gateway.audit.checkpoint import Checkpoint
from gateway.audit.note import Note, NoteError
from gateway.domain.errors import InsecureError

NAME: Final = "log.checkpoint"


class PinUnreadableError(InsecureError):
    """The file with the last signed checkpoint is there and cannot be read as one."""

    code = "checkpoint-pin"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the file {NAME} in the state directory is not the checkpoint that was signed last: {why}; restore it, "
            "or see docs/runbooks/checkpoint-refused.md"
        )


class Pin:
    """Reads and replaces the file."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME

    def read(self) -> tuple[Note, Checkpoint] | None:
        """Give what was signed last; `None` where nothing ever was.

        Raises:
            PinUnreadableError: the file is no checkpoint.
        """
        try:
            note = Note.parse(self._path.read_bytes())
            return note, Checkpoint.parse(note.text)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PinUnreadableError(str(error.strerror)) from None
        except NoteError as error:
            raise PinUnreadableError(str(error)) from None

    def write(self, note: Note) -> None:
        """Replace the file, durably: a crash leaves the old one or the new one, whole."""
        written = self._path.with_suffix(".new")
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(str(note).encode())
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._path)
        self._sync()

    def put_aside(self) -> None:
        """Keep the file under another name, as evidence, so that nothing is compared with it any more."""
        self._path.replace(self._path.with_suffix(".lost"))
        self._sync()

    def _sync(self) -> None:
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
