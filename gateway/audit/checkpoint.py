"""Checkpoints (C2SP tlog-checkpoint): which ledger, how many entries, which Merkle root; and who says so.

Three lines and never more: an ML-DSA-44 signature does not cover extension lines, so a checkpoint that has some is
refused. A log signs each checkpoint with Ed25519 and ML-DSA-44; a witness cosigns (C2SP tlog-cosignature), with the
time at which this was the largest tree it had seen. Times are POSIX seconds.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from gateway.audit.merkle import HASH_BYTES
from gateway.audit.note import Algorithm, Note, NoteError, Signature, VerifierKey, decoded, encoded
from gateway.domain.secret import Secret

SEED_BYTES: Final = 32
LARGEST: Final = 1 << 63
TIME_BYTES: Final = 8
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_LINES: Final = 3
_LABEL: Final = b"subtree/v1\n\0"
_NAME_BYTES: Final = 255


class CheckpointError(NoteError):
    """A text that is no checkpoint as this ledger's verifiers take them."""


class SignatureError(NoteError):
    """A signature that claims to be a known key's and is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How a ledger stood when it had `size` entries."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a note.

        Raises:
            CheckpointError: it is no checkpoint, or has extension lines.
        """
        lines = text.split("\n")
        if lines.pop() or len(lines) < _LINES or not lines[0]:
            raise CheckpointError("a checkpoint is three lines: origin, size and root")
        if len(lines) > _LINES:
            raise CheckpointError("a checkpoint with extension lines is refused: not every signature covers them")
        origin, size, root = lines
        if not _SIZE.fullmatch(size) or int(size) >= LARGEST:
            raise CheckpointError("the size of a checkpoint is a plain decimal number")
        if len(decoded(root)) != HASH_BYTES:
            raise CheckpointError(f"the root of a checkpoint has {HASH_BYTES} bytes")
        return cls(origin=origin, size=int(size), root=decoded(root))

    def __str__(self) -> str:
        """Write the text that is signed."""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its name; the public half is derived from the seed."""

    name: str
    algorithm: Algorithm
    seed: Secret = field(repr=False)

    @property
    def public(self) -> VerifierKey:
        """Give the public half."""
        private = self._ml_dsa if self.algorithm is Algorithm.ML_DSA_44 else self._ed25519
        return VerifierKey(self.name, self.algorithm, private.public_key().public_bytes_raw())

    @property
    def _ed25519(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed.reveal())

    @property
    def _ml_dsa(self) -> MLDSA44PrivateKey:
        return MLDSA44PrivateKey.from_seed_bytes(self.seed.reveal())

    def sign(self, checkpoint: Checkpoint, *, at: int) -> Signature:
        """Sign a checkpoint at a time."""
        message = _message(self.name, self.algorithm, checkpoint, at)
        time = b"" if self.algorithm is Algorithm.ED25519 else at.to_bytes(TIME_BYTES)
        return Signature(self.name, self.public.id, time + self.sign_bytes(message))

    def sign_bytes(self, message: bytes, context: bytes = b"") -> bytes:
        """Sign bytes; `context` is ML-DSA's own separation of purposes."""
        if self.algorithm is Algorithm.ML_DSA_44:
            return self._ml_dsa.sign(message, context)
        return self._ed25519.sign(message)


def verify_bytes(key: VerifierKey, signature: bytes, message: bytes, context: bytes = b"") -> None:
    """Check a bare signature.

    Raises:
        SignatureError: it is not this key's over these bytes.
    """
    try:
        if key.algorithm is Algorithm.ML_DSA_44:
            MLDSA44PublicKey.from_public_bytes(key.public).verify(signature, message, context)
        else:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise SignatureError(f"a signature by {key.name} does not hold: text, time or signature was changed") from None


def signed_at(checkpoint: Checkpoint, key: VerifierKey, signature: Signature) -> int:
    """Check one signature line, and give the time it states; 0 where it states none.

    Raises:
        SignatureError: it does not hold.
    """
    if key.algorithm is Algorithm.ED25519:
        verify_bytes(key, signature.content, _message(key.name, key.algorithm, checkpoint, 0))
        return 0
    at = int.from_bytes(signature.content[:TIME_BYTES])
    if at >= LARGEST:
        raise SignatureError(f"a signature by {key.name} states a time that is none")
    verify_bytes(key, signature.content[TIME_BYTES:], _message(key.name, key.algorithm, checkpoint, at))
    return at


def signers(note: Note, checkpoint: Checkpoint, keys: Iterable[VerifierKey]) -> Mapping[VerifierKey, int]:
    """Give those of the keys that signed, each with the time it states; lines of other keys are not looked at.

    Raises:
        SignatureError: a line claims to be one of the keys' and is not.
    """
    found: dict[VerifierKey, int] = {}
    for key in keys:
        for signature in note.signatures:
            if signature.by(key):
                found[key] = max(found.get(key, 0), signed_at(checkpoint, key, signature))
    return found


def _message(name: str, algorithm: Algorithm, checkpoint: Checkpoint, at: int) -> bytes:
    match algorithm:
        case Algorithm.ED25519:
            return str(checkpoint).encode()
        case Algorithm.COSIGNATURE:
            return f"cosignature/v1\ntime {at}\n{checkpoint}".encode()
        case Algorithm.ML_DSA_44:
            start_to_end = (0).to_bytes(8) + checkpoint.size.to_bytes(8)
            of_whom = _counted(name) + at.to_bytes(TIME_BYTES) + _counted(checkpoint.origin)
            return _LABEL + of_whom + start_to_end + checkpoint.root


def _counted(text: str) -> bytes:
    content = text.encode()
    if not 1 <= len(content) <= _NAME_BYTES:
        raise CheckpointError(f"a name has 1 to {_NAME_BYTES} bytes")
    return bytes([len(content)]) + content
