"""The erasure key: a file beside the master key, in no backup of the database, that forgets what is erased.

Every sealed object's key is wrapped once more by a lock that only this file can derive. Erasing punctures the file: a
database copied before still holds the wrapped key, and nobody can open it any more. Which parts were punctured is no
secret and stands in the database, so every copy of the file, however old, catches up before it is used.

The file is replaced whole: a crash leaves the old one or the new one. What was replaced is overwritten first, as far
as a file system does that; keep the state directory off snapshots, and see `gateway erase copy` for spares.
"""

import fcntl
import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from gateway.domain.errors import InsecureError
from gateway.vault.addresses import LENGTH
from gateway.vault.punctured import NODE_BYTES, PuncturedKey, descend

NAME: Final = "erasure.key"
_MAGIC: Final = b"qgw.locks/1\n"
_FOR_OTHERS: Final = 0o077
_ID_BYTES: Final = 8
_ORDER_BYTES: Final = 36
_SUM_BYTES: Final = 32
_SHARED: Final = 28
"""Digits that a project's objects of one kind and day have in common: nodes down to there are kept in memory."""
REMEMBERED: Final = 4096


class ErasureKeyError(InsecureError):
    """The erasure key is absent, damaged, or another deployment's."""

    code = "insecure-erasure-key"


class Locks:
    """Derives locks from one file, and punctures it. Processes may share the file; each sees what others punctured."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._near: OrderedDict[str, bytes] = OrderedDict()
        self._key = PuncturedKey({})
        self._applied: frozenset[str] = frozenset()
        self._read()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Write a new key, durable before this returns; a file that exists is kept."""
        if not path.exists():
            _replace(path, _written(os.urandom(_ID_BYTES).hex(), PuncturedKey.new(), frozenset()))
        return cls(path)

    @property
    def applied(self) -> frozenset[str]:
        """The orders that this file knows of."""
        self._look()
        return self._applied

    def of(self, address: str) -> bytes | None:
        """Derive the lock at an address; `None` where it was erased."""
        self._look()
        near, rest = address[:_SHARED], address[_SHARED:]
        node = self._near.get(near)
        if node is None:
            if (node := self._key.derive(near)) is None:
                return self._key.derive(address)
            self._near[near] = node
            if len(self._near) > REMEMBERED:
                self._near.popitem(last=False)
        return descend(node, rest)

    def apply(self, orders: Mapping[str, Sequence[str]]) -> None:
        """Puncture what orders say that this file does not know of yet; durable when this returns."""
        with self._alone():
            self._look()
            if new := {order: orders[order] for order in orders if order not in self._applied}:
                for prefix in (prefix for prefixes in new.values() for prefix in prefixes):
                    self._key.puncture(prefix)
                _replace(self._path, _written(self.id, self._key, self._applied | new.keys()))
                self._read()

    def copy(self, path: Path) -> None:
        """Write the key as it is now to another place, over any older copy."""
        with self._alone():
            self._look()
            _replace(path, _written(self.id, self._key, self._applied))

    def _look(self) -> None:
        if _stamp(self._path) != self._seen:
            self._read()

    def _read(self) -> None:
        seen: tuple[int, int] | None = None
        body: bytes | None = None
        while body is None:
            before, seen = seen, _stamp(self._path)
            if before == seen:
                raise ErasureKeyError(f"the erasure key {self._path.name} is damaged; put its newest copy back")
            # Not whole, but perhaps only because it was replaced while it was read.
            body = _whole(self._path)
        self._seen = seen
        self.id, self._applied, self._key = _parsed(body)
        """`id`: says which key it is, and nothing about it."""
        # A node kept in memory could still derive what was just punctured.
        self._near.clear()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from puncturing meanwhile: the later one would bring back what the first one forgot."""
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return status.st_ino, status.st_mtime_ns


def _whole(path: Path) -> bytes | None:
    """Read what the file holds; `None` where it is not as it was written."""
    try:
        if path.stat().st_mode & _FOR_OTHERS:
            raise ErasureKeyError(f"others may read the erasure key {path.name}; chmod 600 {path.name}")
        content = path.read_bytes()
    except FileNotFoundError:
        raise ErasureKeyError(
            f"there is no erasure key {path.name}, and without it nothing sealed opens; put its newest copy back"
        ) from None
    body, total = content[:-_SUM_BYTES], content[-_SUM_BYTES:]
    holds = body.startswith(_MAGIC) and sha256(body).digest() == total
    return body[len(_MAGIC) :] if holds else None


def _written(id_: str, key: PuncturedKey, applied: frozenset[str]) -> bytes:
    orders = "".join(sorted(applied)).encode()
    nodes = b"".join(bytes([len(place)]) + place.encode() + node for place, node in key.items())
    body = _MAGIC + bytes.fromhex(id_) + len(applied).to_bytes(4) + orders + nodes
    return body + sha256(body).digest()


def _parsed(body: bytes) -> tuple[str, frozenset[str], PuncturedKey]:
    start = _ID_BYTES + 4
    stop = start + int.from_bytes(body[_ID_BYTES:start]) * _ORDER_BYTES
    orders = (body[at : at + _ORDER_BYTES].decode() for at in range(start, stop, _ORDER_BYTES))
    return body[:_ID_BYTES].hex(), frozenset(orders), PuncturedKey(dict(_nodes(body, stop)))


def _nodes(body: bytes, at: int) -> Iterator[tuple[str, bytes]]:
    while at < len(body):
        length = body[at]
        assert length <= LENGTH, "the sum over the file holds, so we wrote it"
        place = body[at + 1 : at + 1 + length].decode()
        at += 1 + length + NODE_BYTES
        yield place, body[at - NODE_BYTES : at]


def _replace(path: Path, content: bytes) -> None:
    """Put a file in another's place, durably, then overwrite what was there: it derived what is forgotten now."""
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with _opened(path) as old:
        new.replace(path)
        _sync(path.parent)
        if old is not None:
            os.pwrite(old, bytes(os.fstat(old).st_size), 0)
            os.fsync(old)


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
