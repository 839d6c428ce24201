"""Signatures of policy bundles, as OPA verifies them: a JWT (ES256) over the hashes of every file, for one scope.

A key's id is derived from the key itself, so that both sides name it alike without being told. Signatures are
deterministic (RFC 6979): the same files under the same key are the same bytes. Source of the format: OPA's
documentation on bundle signing, and `v1/bundle/verify.go` of OPA 1.21.3.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret

ALGORITHM: Final = "ES256"
DIGEST: Final = "SHA-256"
_CURVE: Final = ec.SECP256R1()
_HASH: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_HALF_BYTES: Final = 32
_ID_DIGITS: Final = 16
_STRUCTURED: Final = ("data.json", ".manifest")
"""Files whose content is hashed rather than their bytes, by the name after the last slash."""


class PolicySignatureError(InsecureError):
    """A policy bundle, or a key for one, is not what this gateway was told to trust."""

    code = "policy-signature"


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str


class _File(msgspec.Struct, frozen=True):
    name: str
    hash: str
    algorithm: str


class _Claims(msgspec.Struct, frozen=True):
    scope: str
    files: list[_File]


@dataclass(frozen=True, kw_only=True)
class VerificationKey:
    """The public half: what OPA and the gateway are given."""

    key: ec.EllipticCurvePublicKey = field(repr=False)

    @classmethod
    def read(cls, pem: bytes) -> Self:
        """Read a PEM file.

        Raises:
            PolicySignatureError: it holds no public key for ES256.
        """
        try:
            key = serialization.load_pem_public_key(pem)
        except ValueError:
            key = None
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != _CURVE.name:
            raise PolicySignatureError("policy.bundle_key holds no public key for ES256 in PEM")
        return cls(key=key)

    @cached_property
    def id(self) -> str:
        """The first digits of the key's SHA-256."""
        der = self.key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()[:_ID_DIGITS]

    @property
    def pem(self) -> str:
        """The key as text."""
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_bytes(serialization.Encoding.PEM, spki).decode()

    def verify(self, token: str, *, scope: str) -> Mapping[str, str]:
        """Give the hash of every file that a signature speaks for.

        Raises:
            PolicySignatureError: it is not this key's, not for this scope, or no signature at all.
        """
        header, claims, signature = _taken_apart(token)
        if (header.alg, header.kid) != (ALGORITHM, self.id):
            raise PolicySignatureError(
                f"the policy bundle is signed by the key {header.kid!r} ({header.alg}), {self.id} is trusted"
            )
        try:
            self.key.verify(signature, token.rpartition(".")[0].encode(), _HASH)
        except InvalidSignature:
            raise PolicySignatureError("the signature of the policy bundle does not hold; build it anew") from None
        if claims.scope != scope:
            raise PolicySignatureError(f"the policy bundle is signed for {claims.scope!r}, wanted is {scope!r}")
        return {each.name: each.hash for each in claims.files if each.algorithm == DIGEST}


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """The private half; it signs and shows nothing of itself."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Make one."""
        return cls(key=ec.generate_private_key(_CURVE))

    @classmethod
    def derived(cls, seed: Secret) -> Self:
        """Make the one key that belongs to a seed, so that replicas with the same seed sign alike."""
        number = int.from_bytes(hashlib.sha512(b"qgw.policy-key/1" + seed.reveal()).digest())
        return cls(key=ec.derive_private_key(number % (_CURVE.group_order - 1) + 1, _CURVE))

    @classmethod
    def read(cls, pem: Secret) -> Self:
        """Read a PEM file.

        Raises:
            PolicySignatureError: it holds no private key for ES256.
        """
        try:
            key = serialization.load_pem_private_key(pem.reveal(), password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != _CURVE.name:
            raise PolicySignatureError("that is no private key for ES256 in PEM; `gateway policy keygen` makes one")
        return cls(key=key)

    @property
    def pem(self) -> Secret:
        """The key as text, for the one file that keeps it."""
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return Secret(self.key.private_bytes(encoding, form, serialization.NoEncryption()))

    @cached_property
    def public(self) -> VerificationKey:
        """The public half."""
        return VerificationKey(key=self.key.public_key())

    def sign(self, files: Mapping[str, bytes], *, scope: str) -> str:
        """Sign every file of a bundle, for one scope."""
        listed = [{"name": name, "hash": digest(name, files[name]), "algorithm": DIGEST} for name in sorted(files)]
        head = _encoded({"alg": ALGORITHM, "kid": self.public.id, "typ": "JWT"})
        said = f"{head}.{_encoded({'files': listed, 'scope': scope})}"
        r, s = decode_dss_signature(self.key.sign(said.encode(), _HASH))
        return f"{said}.{_base64(r.to_bytes(_HALF_BYTES) + s.to_bytes(_HALF_BYTES))}"


def digest(name: str, content: bytes) -> str:
    """Hash a file as OPA does: JSON that OPA reads by what it says, everything else by its bytes.

    Raises:
        ValueError: a file that must be JSON is none.
    """
    if name.rpartition("/")[2] in _STRUCTURED:
        text = json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        # Go's encoder escapes these two, which JavaScript once took for line ends.
        content = text.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029").encode()
    return hashlib.sha256(content).hexdigest()


def _taken_apart(token: str) -> tuple[_Header, _Claims, bytes]:
    try:
        head, claims, signature = map(_decoded, token.split("."))
        if len(signature) != 2 * _HALF_BYTES:
            raise ValueError  # noqa: TRY301  # told below, like everything else that is no signature
        r, s = int.from_bytes(signature[:_HALF_BYTES]), int.from_bytes(signature[_HALF_BYTES:])
        return (
            msgspec.json.decode(head, type=_Header),
            msgspec.json.decode(claims, type=_Claims),
            encode_dss_signature(r, s),
        )
    except (ValueError, msgspec.DecodeError):
        raise PolicySignatureError("the policy bundle has no signature that could be read; build it anew") from None


def _encoded(value: Any) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
