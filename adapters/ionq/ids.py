"""Job ids: UUIDs that leave room for the children of a multi-circuit job.

A client sees each circuit of such a job as a job of its own, while the gateway keeps one. The last two bytes of
an id are a check of the others, and a child's differ from them by its number; so a child's id alone leads to
its parent, nothing is stored, and to anyone else it is one more UUID.
"""

from hashlib import sha256
from uuid import UUID

MOST_CHILDREN = 4096
_TAIL = 2


def parent(entropy: bytes) -> str:
    """Mint a job id from 16 random bytes."""
    return _join(UUID(bytes=entropy, version=4).bytes[:-_TAIL], 0)


def child(parent_id: str, index: int) -> str:
    """Give the id of a circuit of a job, counting from 0."""
    return _join(UUID(parent_id).bytes[:-_TAIL], index + 1)


def children(parent_id: str, count: int) -> list[str]:
    """Give the ids of all circuits of a job, in order."""
    return [child(parent_id, index) for index in range(count)]


def split(job_id: str) -> tuple[str, int | None]:
    """Give the job that an id belongs to, and which of its circuits is meant; `None` is the whole job."""
    head = _head(job_id)
    if head is None:
        return job_id, None
    number = int(UUID(job_id)) % 256**_TAIL ^ _check(head)
    if not 1 <= number <= MOST_CHILDREN:
        return job_id, None
    return _join(head, 0), number - 1


def _head(job_id: str) -> bytes | None:
    try:
        read = UUID(job_id)
    except ValueError:
        return None
    return read.bytes[:-_TAIL] if str(read) == job_id else None


def _join(head: bytes, number: int) -> str:
    return str(UUID(bytes=head + (_check(head) ^ number).to_bytes(_TAIL, "big")))


def _check(head: bytes) -> int:
    return int.from_bytes(sha256(b"ionq children" + head).digest()[:_TAIL], "big")
