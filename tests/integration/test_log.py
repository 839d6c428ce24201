"""The ledger's tree over HTTP: checkpoint, tiles and proofs as an outsider reads them, without a key."""

import pytest

from gateway.audit.checkpoint import Checkpoint
from gateway.audit.merkle import leaf_hash
from gateway.audit.note import Note, decoded
from gateway.audit.proofs import check_consistency, check_inclusion, perfect, tree_hash
from gateway.audit.tiles import Tile, hash_in, holding, split, tiles_of
from gateway.audit.trust import Trust
from tests.running import Gateway, eventually

pytestmark = pytest.mark.long

ORIGIN = "localhost/quantum-gateway"


@pytest.fixture(scope="module")
def settled(gateway, finished):
    """The ledger as of a checkpoint that has a job's whole story."""
    completed = next(entry["seq"] for entry in gateway.entries("job.completed"))
    eventually(lambda: newest(gateway).size > completed, seconds=30)
    return newest(gateway)


def newest(gateway):
    reply = gateway.request("GET", "/log/checkpoint")
    return (
        Checkpoint.parse(Note.parse(reply.body).text)
        if reply.status == 200
        else Checkpoint(origin="", size=0, root=b"")
    )


def tile(gateway, name):
    reply = gateway.request("GET", f"/log/tile/{name}")
    assert reply.status == 200, reply.body
    return reply.body


def test_the_checkpoint_is_signed_by_the_keys_of_the_policy(gateway, settled):
    reply = gateway.request("GET", "/log/checkpoint")
    note = Note.parse(reply.body)
    trust = Trust.parse(gateway.request("GET", "/log/policy").body.decode())

    assert Checkpoint.parse(note.text).origin == trust.origin == ORIGIN
    assert {signature.key_id for signature in note.signatures} == {key.id for key in trust.logs}
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["cache-control"] == "public, max-age=2"


def test_the_tiles_are_the_tree_that_the_checkpoint_names(gateway, settled):
    tiles = {each: tile(gateway, each) for each in tiles_of(settled.size)}

    def of(node):
        return hash_in(tiles[holding(node, settled.size)], node)

    assert tree_hash(of, 0, settled.size) == settled.root
    assert len(list(perfect(0, settled.size))) == settled.size.bit_count()


def test_tiles_may_be_kept_for_ever(gateway, settled):
    name = next(iter(tiles_of(settled.size)))
    reply = gateway.request("GET", f"/log/tile/{name}")

    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["content-type"] == "application/octet-stream"


def test_an_entry_is_proven_to_be_in_the_ledger(gateway, settled):
    head, _, note = gateway.request("GET", "/log/proof/inclusion/3").body.decode().partition("\n\n")
    first, index, *path = head.split("\n")
    checkpoint = Checkpoint.parse(Note.parse(note.encode()).text)
    leaf = bytes.fromhex(gateway.entries()[3]["leaf_hash"])

    assert (first, index) == ("c2sp.org/tlog-proof@v1", "index 3")
    check_inclusion(leaf, 3, size=checkpoint.size, root=checkpoint.root, proof=list(map(decoded, path)))


def test_the_ledger_is_proven_to_have_grown(gateway, settled):
    old = 3
    leaves = split(tile(gateway, next(iter(tiles_of(settled.size)))))
    root = tree_hash(lambda node: hash_in(b"".join(leaves), node), 0, old)
    proof = gateway.request("GET", f"/log/proof/consistency/{old}/{settled.size}").body.decode().split()

    check_consistency(old, root, settled.size, settled.root, list(map(decoded, proof)))


@pytest.mark.parametrize(
    "path",
    [
        *("/log/", "/log/tiles", "/log/tile/0", "/log/tile/0/x001/000", "/log/tile/0/000.p/0", "/log/tile/9/000.p/1"),
        *(
            "/log/tile/0/x900/000",
            "/log/proof/inclusion/1000000",
            "/log/proof/inclusion/-1",
            "/log/proof/consistency/1/999999",
        ),
    ],
)
def test_what_is_not_there_is_not_found(gateway, settled, path):
    assert gateway.request("GET", path).status == 404


def test_sizes_the_wrong_way_round_are_refused(gateway, settled):
    assert gateway.request("GET", "/log/proof/consistency/4/2").status == 400


def test_the_log_is_only_read(gateway, settled):
    assert gateway.request("POST", "/log/checkpoint", body={}).status == 405
    assert gateway.request("HEAD", "/log/checkpoint").body == b""


def test_entries_are_for_who_may_export_the_ledger(gateway, keys, settled):
    """Leaves hold no names, but they tell of every tenant's work."""
    name = str(Tile(0, 0, settled.size)).removeprefix("0/")
    path = f"/log/tile/entries/{name}"
    auditor = gateway.key(role="auditor")

    assert gateway.request("GET", path).status == 401
    assert gateway.request("GET", path, token=keys["alice"]).status == 403
    bundle = gateway.request("GET", path, token=auditor)
    assert bundle.headers["cache-control"] == "private, no-store"
    assert list(map(leaf_hash, unpacked(bundle.body))) == split(tile(gateway, f"0/{name}"))


def unpacked(bundle):
    leaves = []
    while bundle:
        length = int.from_bytes(bundle[:2])
        leaves.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return leaves


def test_another_host_name_is_refused(gateway):
    assert gateway.request("GET", "/log/checkpoint", headers={"host": "evil.test"}).status == 421


def test_a_log_that_is_not_public_asks_for_a_key(tmp_path):
    gateway = Gateway(tmp_path / "state", settings={"GATEWAY_LEDGER__PUBLIC": "false"}).init()
    try:
        gateway.start()
        auditor = gateway.key(role="auditor")
        reply = eventually(lambda: found if (found := ask(gateway, auditor)).status == 200 else None)
        assert reply.headers["cache-control"] == "no-store"
        assert gateway.request("GET", "/log/checkpoint").status == 401
    finally:
        gateway.discard()


def ask(gateway, key):
    return gateway.request("GET", "/log/checkpoint", token=key)
