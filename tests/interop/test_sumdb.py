"""Others read what is written here: Go's checksum database and CIRCL read checkpoints, tiles and proofs."""

import subprocess

import pytest

from gateway.audit.merkle import leaf_hash
from gateway.audit.tiles import joined, tiles_of
from tests.notary import Observer, Scribe


@pytest.fixture(scope="module")
def sumdb(built):
    return built("sumdb")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A ledger of more than a tile, cosigned, as somebody else would download it."""
    directory = tmp_path_factory.mktemp("ledger")
    scribe = Scribe.begin(699)
    observer = Observer(directory / "witness").watch(scribe)
    hashes, links = scribe.hashes, scribe.links
    for tile in tiles_of(scribe.size):
        span, start = 256**tile.level, tile.number * 256
        path = directory / "tile" / str(tile)
        path.parent.mkdir(parents=True, exist_ok=True)
        below = (hashes[at * span : (at + 1) * span] for at in range(start, start + tile.width))
        path.write_bytes(b"".join(map(joined, below)))
    (directory / "old").write_text(str(observer.cosign(scribe, 300)))
    (directory / "checkpoint").write_text(str(observer.cosign(scribe)))
    (directory / "vkeys").write_text("\n".join(map(str, [*(key.public for key in scribe.keys), *observer.keys])))
    (directory / "leaf").write_bytes(links[421].leaf)
    (directory / "index").write_text("421")
    assert leaf_hash(links[421].leaf) == hashes[421]
    return directory


def ask(sumdb, directory):
    done = subprocess.run([sumdb, directory], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def test_others_believe_all_of_it(sumdb, ledger):
    assert ask(sumdb, ledger) == (
        0,
        [
            "note: 4 signatures hold",
            "note: 4 signatures hold",
            "tiles: root holds",
            "inclusion: holds",
            "consistency: holds",
        ],
    )


@pytest.mark.parametrize("name", ["checkpoint", "old", "leaf", "tile/0/001", "tile/1/000.p/2"])
def test_others_see_one_changed_byte(sumdb, ledger, name):
    """Otherwise the test above would show nothing."""
    path = ledger / name
    kept = path.read_bytes()
    place = kept.index(b"\n", 20) + 3 if name in {"checkpoint", "old"} else len(kept) // 2
    try:
        path.write_bytes(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :])
        status, told = ask(sumdb, ledger)
    finally:
        path.write_bytes(kept)

    assert status != 0
    assert told[-1].startswith("does not hold")
