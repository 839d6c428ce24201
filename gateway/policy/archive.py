"""A policy bundle as one file: the `.tar.gz` that OPA pulls and that the embedded engine loads unchanged.

Its first file is `.manifest` (revision, roots), its second `.signatures.json`. Nothing in it is read before the
signature holds and covers every file. The same files, revision and key give the same bytes.
"""

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from gateway.policy.signing import PolicySignatureError, SigningKey, VerificationKey, digest

MANIFEST: Final = ".manifest"
SIGNATURES: Final = ".signatures.json"
LARGEST_BYTES: Final = 64 * 2**20
"""Of all files together, unpacked: more is no set of policies."""
_FILES: Final = 20_000


class _Manifest(msgspec.Struct, frozen=True):
    revision: str
    roots: list[str]
    rego_version: int


class _Signatures(msgspec.Struct, frozen=True):
    signatures: list[str]


@dataclass(frozen=True, kw_only=True)
class Archive:
    """What a bundle holds, once its signature was found to hold."""

    revision: str
    root: str
    """The one root that the bundle owns; OPA lets no other bundle and no caller write below it."""
    files: Mapping[str, bytes] = field(repr=False)
    """Path to content, without manifest and signature."""


def pack(archive: Archive, key: SigningKey, *, scope: str) -> bytes:
    """Write and sign a bundle."""
    manifest = {"revision": archive.revision, "roots": [archive.root], "rego_version": 1}
    files = {MANIFEST: _json(manifest), **dict(sorted(archive.files.items()))}
    signed = {"signatures": [key.sign(files, scope=scope)]}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in [(MANIFEST, files.pop(MANIFEST)), (SIGNATURES, _json(signed)), *files.items()]:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def unpack(content: bytes, key: VerificationKey, *, scope: str) -> Archive:
    """Read a bundle, if its signature holds for all that is in it.

    Raises:
        PolicySignatureError: it does not, or this is no such file.
    """
    files = dict(_members(content))
    try:
        tokens = msgspec.json.decode(files.pop(SIGNATURES, b""), type=_Signatures).signatures
        if len(tokens) != 1:
            raise PolicySignatureError(f"the policy bundle has {len(tokens)} signatures; OPA takes exactly one")
        _compare(files, key.verify(tokens[0], scope=scope))
        manifest = msgspec.json.decode(files.pop(MANIFEST), type=_Manifest)
    except (ValueError, KeyError, msgspec.DecodeError):
        raise PolicySignatureError("the policy bundle has no manifest or signature to read; build it anew") from None
    if len(manifest.roots) != 1 or manifest.rego_version != 1:
        raise PolicySignatureError("the policy bundle must own one root and be written for Rego v1; build it anew")
    return Archive(revision=manifest.revision, root=manifest.roots[0], files=files)


def _compare(files: Mapping[str, bytes], hashes: Mapping[str, str]) -> None:
    found = {path: digest(path, content) for path, content in files.items()}
    if odd := sorted(path for path in found.keys() | hashes.keys() if found.get(path) != hashes.get(path)):
        raise PolicySignatureError(
            f"the policy bundle's file {odd[0]} is not the one that was signed; get the bundle again from its builder"
        )


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Take a tar file apart in memory; nothing is ever written where its names point."""
    seen, left = set[str](), LARGEST_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
            for entry in tar:
                path = entry.name.removeprefix("./").removeprefix("/")
                left -= entry.size
                if entry.isdir():
                    continue
                if not entry.isreg() or path in seen or left < 0 or len(seen) >= _FILES:
                    raise PolicySignatureError(f"the policy bundle holds {path[:200]!r} in a way that none is built")
                seen.add(path)
                file = tar.extractfile(entry)
                assert file is not None, "a regular file has content"
                yield path, file.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        raise PolicySignatureError("the policy bundle is no .tar.gz file, or is cut short; build it anew") from None


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"
