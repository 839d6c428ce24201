"""Bundles are signed as OPA wants them, and nothing in one is read before its signature holds for all of it."""

import base64
import gzip
import io
import json
import tarfile

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gateway.domain.secret import Secret
from gateway.policy.archive import Archive, pack, unpack
from gateway.policy.signing import PolicySignatureError, SigningKey, VerificationKey, digest

KEY = SigningKey.new()
FILES = {"gateway/main/main.rego": b"package gateway.main\n", "org/x/data.json": b'{"b": 1, "a": "<\xc3\xa9>"}'}
ARCHIVE = Archive(revision="r1", root="gateway", files=FILES)


def files_of(content):
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def packed_again(files):
    """Pack by hand, as somebody would who has no key."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue())


def test_what_is_packed_is_read_back():
    assert unpack(pack(ARCHIVE, KEY, scope="rules"), KEY.public, scope="rules") == ARCHIVE


def test_the_same_files_and_key_are_the_same_bytes():
    """A bundle built twice has one entity tag, on every replica."""
    again = Archive(revision="r1", root="gateway", files=dict(reversed(FILES.items())))

    assert pack(ARCHIVE, KEY, scope="rules") == pack(again, KEY, scope="rules")
    assert SigningKey.derived(Secret(b"s")).public.id == SigningKey.derived(Secret(b"s")).public.id


def test_json_is_hashed_by_what_it_says():
    """Whitespace and order do not count; what Go's encoder writes in its own way does."""
    assert digest("org/x/data.json", b'{"a":1,"b":[true,null]}') == digest(
        "org/x/data.json", b'{ "b": [true, null], "a": 1 }'
    )
    assert digest("selftest/x.json", b'{"a":1}') != digest("selftest/x.json", b'{"a": 1}')
    separators = json.dumps("\u2028", ensure_ascii=False).encode()
    assert digest("data.json", separators) == digest("x.rego", b'"\\u2028"')


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(
            lambda f: f | {"gateway/main/main.rego": b"package gateway.main\nallow := true\n"}, id="a file changed"
        ),
        pytest.param(lambda f: f | {"gateway/more.rego": b""}, id="a file added"),
        pytest.param(lambda f: {n: c for n, c in f.items() if not n.endswith(".rego")}, id="a file gone"),
        pytest.param(lambda f: f | {".manifest": f[".manifest"].replace(b"r1", b"r2")}, id="another revision"),
        pytest.param(lambda f: {n: c for n, c in f.items() if n != ".signatures.json"}, id="no signature"),
        pytest.param(lambda f: f | {".signatures.json": b'{"signatures": []}'}, id="an empty list of signatures"),
        pytest.param(lambda f: f | {".signatures.json": b"{"}, id="no list of signatures"),
        pytest.param(lambda f: {n: c for n, c in f.items() if n != ".manifest"}, id="no manifest"),
    ],
)
def test_damage_is_refused(damage):
    files = files_of(pack(ARCHIVE, KEY, scope="rules"))

    with pytest.raises(PolicySignatureError):
        unpack(packed_again(damage(files)), KEY.public, scope="rules")


@pytest.mark.parametrize(
    ("key", "scope", "words"),
    [
        pytest.param(SigningKey.new().public, "rules", "is trusted", id="another key"),
        pytest.param(KEY.public, "staging", "is signed for 'rules'", id="another scope"),
    ],
)
def test_only_the_trusted_key_and_scope_count(key, scope, words):
    with pytest.raises(PolicySignatureError, match=words):
        unpack(pack(ARCHIVE, KEY, scope="rules"), key, scope=scope)


def altered(token, part, change):
    parts = token.split(".")
    content = base64.urlsafe_b64decode(parts[part] + "==")
    parts[part] = base64.urlsafe_b64encode(change(content)).rstrip(b"=").decode()
    return ".".join(parts)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        pytest.param(0, lambda head: head.replace(b"ES256", b"none"), id="no algorithm"),
        pytest.param(0, lambda head: head.replace(b"ES256", b"HS256"), id="a secret instead of a key"),
        pytest.param(0, lambda head: head[:-1], id="no header"),
        pytest.param(1, lambda said: said.replace(b"rules", b"ruled"), id="other claims"),
        pytest.param(2, lambda _: bytes(64), id="zeros"),
        pytest.param(2, lambda signature: signature + b"x", id="too long"),
        pytest.param(2, lambda _: b"", id="nothing"),
    ],
)
def test_a_token_that_was_altered_is_refused(part, change):
    token = altered(KEY.sign(FILES, scope="rules"), part, change)

    with pytest.raises(PolicySignatureError):
        KEY.public.verify(token, scope="rules")


@pytest.mark.parametrize("content", [b"", b"hello", gzip.compress(b"hello" * 200)[:-9]], ids=["empty", "text", "cut"])
def test_what_is_no_bundle_is_refused(content):
    with pytest.raises(PolicySignatureError):
        unpack(content, KEY.public, scope="rules")


def test_links_and_names_that_come_twice_are_refused():
    """Nothing is unpacked to a disk, and still nothing may mean two things."""
    for kind in (tarfile.SYMTYPE, tarfile.REGTYPE):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for _ in range(2):
                entry = tarfile.TarInfo("gateway/a.rego")
                entry.type, entry.linkname = kind, "b"
                tar.addfile(entry)
        with pytest.raises(PolicySignatureError, match=r"gateway/a\.rego"):
            unpack(gzip.compress(buffer.getvalue()), KEY.public, scope="rules")


def test_keys_are_read_back():
    assert VerificationKey.read(KEY.public.pem.encode()).id == KEY.public.id
    assert SigningKey.read(KEY.pem).public.id == KEY.public.id
    assert KEY.pem.reveal().decode() not in repr(KEY)


def test_keys_for_anything_else_are_refused():
    other, curve = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())
    for key in (other, curve):
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        with pytest.raises(PolicySignatureError):
            SigningKey.read(Secret(private))
        with pytest.raises(PolicySignatureError):
            VerificationKey.read(key.public_key().public_bytes(serialization.Encoding.PEM, spki))
    with pytest.raises(PolicySignatureError):
        VerificationKey.read(b"no key")
    with pytest.raises(PolicySignatureError):
        SigningKey.read(Secret(b"no key"))
