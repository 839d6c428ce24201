"""What a witness keeps, in a directory of its own: its keys, the ledgers it watches, and what it saw of each last.

    name, seeds         who it is; `seeds` is secret and readable by its owner alone
    logs/<id>/origin    a ledger's name; <id> is its SHA-256
    logs/<id>/keys      a line for each set of the ledger's keys, all of which must sign a checkpoint
    logs/<id>/seen      the last checkpoint that was cosigned

Every file is replaced whole and durably. A lock lets one process serve at a time: two would cosign two histories.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, Self, TypeAlias

from gateway.audit.checkpoint import SEED_BYTES, SigningKey
from gateway.audit.note import Algorithm, Note, NoteError, VerifierKey, check_name
from gateway.domain.errors import InsecureError, RefusedError
from gateway.domain.secret import Secret

_COSIGNING: Final = (Algorithm.COSIGNATURE, Algorithm.ML_DSA_44)
_OTHERS: Final = 0o077
KeySet: TypeAlias = tuple[VerifierKey, ...]


class WitnessStateError(InsecureError):
    """The witness's directory is not what it should be; the message names the mend."""

    code = "witness-state"


class LogRefusedError(RefusedError):
    """A ledger cannot be watched, or is not."""

    code = "witness-log"


class State:
    """One witness's directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            self.name = (directory / "name").read_text("utf-8").strip()
            seeds = _private(directory / "seeds")
        except FileNotFoundError:
            raise WitnessStateError(
                f"there is no witness in {directory}; run: gateway witness init --name NAME {directory}"
            ) from None
        halves = (seeds[:SEED_BYTES], seeds[SEED_BYTES:])
        self.keys = tuple(
            SigningKey(self.name, each, Secret(seed)) for each, seed in zip(_COSIGNING, halves, strict=True)
        )

    @classmethod
    def create(cls, directory: Path, name: str) -> Self:
        """Make a witness.

        Raises:
            WitnessStateError: there is one already, or the name is none.
        """
        try:
            check_name(name)
        except NoteError as error:
            raise WitnessStateError(f"{error}; a name such as witness.example.org/one is usual") from None
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (directory / "name").exists():
            raise WitnessStateError(f"there is a witness in {directory} already; its keys are never replaced")
        _replace(directory / "seeds", os.urandom(len(_COSIGNING) * SEED_BYTES))
        _replace(directory / "name", f"{name}\n".encode())
        return cls(directory)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the only process that cosigns in this witness's name.

        Raises:
            WitnessStateError: another one does.
        """
        descriptor = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise WitnessStateError(f"another process serves the witness in {self._directory}; stop it first") from None
        finally:
            os.close(descriptor)

    def watch(self, origin: str, keys: KeySet) -> None:
        """Watch a ledger; given again with other keys, either set may sign.

        Raises:
            LogRefusedError: no key, or a key of another name.
        """
        if not keys or any(key.algorithm is Algorithm.COSIGNATURE for key in keys):
            raise LogRefusedError("give every key that signs the ledger's checkpoints, as `gateway audit policy` shows")
        if any(key.name != origin for key in keys) or "\n" in origin:
            raise LogRefusedError(f"these are not the keys of {origin!r}: a ledger's keys carry its name")
        place = self._place(origin)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        sets = [each for each in self.keys_of(origin) if set(each) != set(keys)]
        _replace(place / "keys", "".join(" ".join(map(str, each)) + "\n" for each in (*sets, keys)).encode())
        _replace(place / "origin", f"{origin}\n".encode())

    def forget(self, origin: str, reason: str) -> None:
        """Forget what was seen of a ledger, so that it may begin anew; what it was, and why, is kept in a file.

        Raises:
            LogRefusedError: it is not watched.
        """
        if not self.keys_of(origin):
            raise LogRefusedError(f"the ledger {origin!r} is not watched here")
        seen = self.seen(origin)
        told = self._directory / "forgotten"
        before = told.read_bytes() if told.exists() else b""
        _replace(told, before + f"{reason.splitlines()[:1]}\n{seen or ''}\n".encode())
        (self._place(origin) / "seen").unlink(missing_ok=True)

    def origins(self) -> list[str]:
        """List the ledgers that are watched."""
        return sorted(path.read_text("utf-8").rstrip("\n") for path in self._directory.glob("logs/*/origin"))

    def keys_of(self, origin: str) -> list[KeySet]:
        """Give the sets of keys of a ledger; none where it is not watched."""
        try:
            lines = (self._place(origin) / "keys").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [tuple(map(VerifierKey.parse, line.split(" "))) for line in lines]

    def seen(self, origin: str) -> Note | None:
        """Give the last checkpoint that was cosigned; raises `NoteError` where the file is damaged."""
        return self.seen_by_id(_id(origin))

    def seen_by_id(self, log_id: str) -> Note | None:
        """Give the last checkpoint of the ledger whose name has this SHA-256."""
        try:
            return Note.parse((self._directory / "logs" / log_id / "seen").read_bytes())
        except FileNotFoundError:
            return None

    def remember(self, origin: str, note: Note) -> None:
        """Keep what is about to be answered; durable when this returns."""
        _replace(self._place(origin) / "seen", str(note).encode())

    def _place(self, origin: str) -> Path:
        return self._directory / "logs" / _id(origin)


def _id(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()


def _private(path: Path) -> bytes:
    mode = path.stat().st_mode
    if mode & _OTHERS:
        raise WitnessStateError(f"the file {path.name} can be read by others; chmod 600 it, or make another witness")
    content = path.read_bytes()
    if len(content) != len(_COSIGNING) * SEED_BYTES:
        raise WitnessStateError(f"the file {path.name} is not the one this witness began with; restore it")
    return content


def _replace(path: Path, content: bytes) -> None:
    """Replace a file so that a crash leaves the old one or the new one, whole."""
    written = path.with_suffix(".new")
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
