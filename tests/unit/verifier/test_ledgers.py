"""Ledgers as auditors get them: the standalone verifier finds what the gateway's own finds, by other code."""

import gzip
import tracemalloc
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.verify import verify as verify_ours
from gateway.verifier import qgw_verify
from tests.notary import Scribe
from tests.packs import codes
from tests.records import draft
from tests.unit.audit.test_merkle import VECTORS

LINES = Scribe.begin(11).export()


def found(lines, *, strict=True):
    """What the standalone verifier finds in an export, without anybody's keys."""
    audit = qgw_verify.Audit(None, strict=strict)
    audit.ledger("ledger", Stream(lines))
    return audit.report


class Stream:
    """Lines as a file gives them, though there never was one."""

    def __init__(self, lines):
        self._lines = iter(lines)

    def readline(self, _=-1):
        return next(self._lines, b"")


def test_the_roots_are_those_of_rfc_6962():
    tree = qgw_verify.Tree()
    assert tree.root() == sha256().digest()
    for entry, root in VECTORS:
        tree.fresh.append(qgw_verify.leaf_hash(bytes.fromhex(entry)))
        assert tree.root().hex() == root


@pytest.mark.parametrize("size", [1, 2, 1023, 1024, 1025, 2048, 3071, 5000])
def test_blocks_make_no_difference(size):
    """Folded by the thousand or joined one by one: the same root."""
    leaves = [sha256(b"%d" % number).digest() for number in range(size)]
    folded, plain = qgw_verify.Tree(), qgw_verify.Tree()
    for leaf in leaves:
        folded.fresh.append(leaf)
        if len(folded.fresh) == 1 << qgw_verify.BLOCK_HEIGHT:
            folded.fold()
    plain.fresh.extend(leaves)

    assert folded.root() == plain.root()


def test_every_true_proof_leads_to_the_root_and_no_other_does():
    """Exhaustive up to the sizes at which every shape of a tree has come."""
    scribe = Scribe.begin(33)
    hashes = scribe.hashes
    for size in range(1, scribe.size + 1):
        root = scribe.root(size)
        for index in range(size):
            path = scribe.inclusion(index, size)
            assert qgw_verify.proven_root(hashes[index], index, size, path) == root
            for spoilt in (path[:-1], [*path, root], [root, *path]):
                assert _root_or_none(hashes[index], index, size, spoilt) != root or spoilt == path
            if size > 1:
                assert _root_or_none(hashes[index], (index + 1) % size, size, path) != root


def _root_or_none(leaf, index, size, path):
    try:
        return qgw_verify.proven_root(leaf, index, size, path)
    except qgw_verify.BrokenError:
        return None


def test_an_honest_export_holds():
    report = found(LINES)

    assert report.findings == []
    assert report.entries == len(LINES) - 1
    assert verify_ours(LINES).root in report.told[0]


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_both_verifiers_agree_on_what_was_done_to_an_export(data):
    """Lines dropped, doubled, moved and changed, at random: the two find the same kinds of things."""
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "swap", "change", "cut"])):
            case "drop":
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "change":
                place = data.draw(st.integers(0, len(lines[at]) - 1))
                lines[at] = lines[at][:place] + b"7" + lines[at][place + 1 :]
            case "cut":
                lines[at] = lines[at][: len(lines[at]) // 2]
        if len(lines) < 2:
            break

    ours, theirs = verify_ours(lines), found(lines)

    assert ours.ok == (theirs.findings == [])


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (lambda lines: [lines[0], *lines[2:]], "entry-missing"),
        (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], "entry-misplaced"),
        (lambda lines: [*lines[:4], lines[4].replace(b"entry", b"other"), *lines[5:]], "entry-edited"),
        (lambda lines: [*lines[:4], lines[4].replace(b"entry", b"other"), *lines[5:]], "root-differs"),
        (lambda lines: [*lines[:4], b"{}\n", *lines[5:]], "line-unreadable"),
        (lambda lines: lines[:-2], "tail-missing"),
        (lambda lines: [LINES[0].replace(b'"size":12', b'"size":11'), *lines[1:]], "tail-added"),
        (lambda lines: [b"{}\n", *lines[1:]], "header-unreadable"),
        (lambda lines: [lines[0].replace(b'"last":"', b'"last":"0'), *lines[1:]], "header-unreadable"),
    ],
)
def test_each_finding_is_what_it_says(attack, code):
    assert code in codes(found(attack(list(LINES))))


def test_entries_that_two_readers_may_read_differently_show_when_asked_for():
    scribe = Scribe.begin(3)
    spaced = rechained(scribe, b'"schema": 1')

    assert codes(found(spaced, strict=False)) == set()
    assert codes(found(spaced)) == {"not-canonical"}


CANONICAL = (
    b'{"event":{"at":"2026-01-01T00:00:00Z","body":{"a":-7,"b":["x","y: {1}"],"c":{"d":null}},"id":"1","project":null,'
    b'"schema":1,"type":"job.denied"},"prev":"00","seq":3,"v":1}'
)


def learned(*leaves):
    shapes = qgw_verify.Shapes()
    for leaf in leaves:
        qgw_verify.decoded(leaf)
        shapes.learn(leaf)
    return shapes


def test_an_entry_of_a_known_shape_needs_no_second_look():
    other = CANONICAL.replace(b'"x"', b'"other, longer: words"').replace(b"-7", b"120").replace(b'"00"', b'"ff"')

    assert learned(CANONICAL).fit(other)


@pytest.mark.parametrize(
    ("found", "forged"),
    [
        pytest.param(b"-7", b"-0", id="a minus before nothing"),
        pytest.param(b"-7", b"07", id="a leading zero"),
        pytest.param(b"-7", b"7.0", id="a number with a point"),
        pytest.param(b"-7", b"7e0", id="an exponent"),
        pytest.param(b'"x"', b'"\\u0078"', id="an escape that nothing asks for"),
        pytest.param(b'"x"', b'"\x01"', id="a control character as it is"),
        pytest.param(b'"x"', b'"\xff"', id="bytes that are no text"),
        pytest.param(b'"a":-7', b'"a":-7,"a":-7', id="a field twice"),
        pytest.param(b'"a":-7', b'"z":-7', id="fields out of order"),
        pytest.param(b'"a":-7', b'"a": -7', id="a space"),
        pytest.param(b'"v":1}', b'"v":1}\n', id="something behind"),
    ],
)
def test_no_shape_fits_what_is_not_canonical(found, forged):
    leaf = CANONICAL.replace(found, forged)
    with pytest.raises(qgw_verify.BrokenError):
        qgw_verify.decoded(leaf)

    assert not learned(CANONICAL).fit(leaf)


@given(st.integers(0, len(CANONICAL)), st.integers(0, 3), st.binary(max_size=3) | st.sampled_from([b'"', b"0", b"-"]))
def test_no_shape_fits_a_damaged_entry(at, cut, put):
    leaf = CANONICAL[:at] + put + CANONICAL[at + cut :]

    if learned(CANONICAL).fit(leaf):
        assert qgw_verify.decoded(leaf)


def test_shapes_are_not_kept_without_bound():
    shapes = learned(*(CANONICAL.replace(b'"x"', b",".join([b'"x"'] * count)) for count in range(1, 100)))

    assert shapes.fit(CANONICAL)
    assert not shapes.fit(CANONICAL.replace(b'"x"', b",".join([b'"x"'] * 99)))


def rechained(scribe, schema):
    """An export whose last event is written with another schema text, everything else made to fit."""
    links = scribe.links
    event, tail = links[-1].leaf.rsplit(b',"prev":"', 1)
    leaf = event.replace(b'"schema":1', schema) + b',"prev":"' + tail
    digest = qgw_verify.leaf_hash(leaf)
    tree = qgw_verify.Tree()
    tree.fresh.extend([*scribe.hashes[:-1], digest])
    header = scribe.export()[0].replace(scribe.root().hex().encode(), tree.root().hex().encode())
    header = header.replace(links[-1].leaf_hash.hex().encode(), digest.hex().encode())
    return [header, *scribe.export()[1:-1], b'{"hash":"%b","leaf":%b}\n' % (digest.hex().encode(), leaf)]


def test_a_ledger_is_read_compressed_too(verify, scribe, observer):
    note = observer.cosign(scribe)

    assert verify(**{"ledger.gz": gzip.compress(b"".join(scribe.export())), "note": note}).findings == []


def test_memory_does_not_grow_with_the_ledger():
    """Four times the entries, the same peak: what is kept is the right edge of the tree."""
    peaks = []
    for size in (6_000, 24_000):
        stream = Stream(endless(size))
        audit = qgw_verify.Audit(None)
        tracemalloc.start()
        audit.ledger("ledger", stream)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert audit.report.entries == size
        assert codes(audit.report) == {"root-differs", "last-differs"}

    assert peaks[1] < peaks[0] * 1.1 + 50_000


def endless(size):
    """An export of any length, made as it is read; its header does not know the root yet."""
    yield qgw_verify.canonical(
        {"format": qgw_verify.LEDGER, "last": "0" * 64, "origin": "o", "root": "0" * 64, "size": size}
    )
    previous = b"0" * 64
    for seq in range(size):
        leaf = b'{"event":{"type":"x"},"prev":"%b","seq":%d,"v":1}' % (previous, seq)
        previous = qgw_verify.leaf_hash(leaf).hex().encode()
        yield b'{"hash":"%b","leaf":%b}\n' % (previous, leaf)


def test_a_line_without_end_is_not_read_into_memory(tmp_path):
    path = tmp_path / "ledger"
    path.write_bytes(LINES[0] + b"x" * (4 * qgw_verify.LINE_BYTES))
    audit = qgw_verify.Audit(None)

    with path.open("rb") as lines:
        audit.ledger("ledger", lines)

    assert "line-unreadable" in codes(audit.report)


# ── entries whose bodies retention dropped ───────────────────────────────────────────────────────
def pruned(scribe, *gone):
    """The export of a ledger in which some bodies are gone."""
    header, *lines = scribe.export()
    digests = [each.hex().encode() for each in scribe.hashes]
    kept = [b'{"hash":"%b","pruned":%d}\n' % (digests[at], at) if at in gone else line for at, line in enumerate(lines)]
    return [header, *kept]


def test_what_was_pruned_is_still_proven():
    scribe = with_pruning(stop=5)

    report = found(pruned(scribe, 2, 3, 4))

    assert report.findings == []
    assert any("3 entries were pruned" in told for told in report.told)


@pytest.mark.parametrize("gone", [(), (2,), (2, 3, 4), (2, 3, 4, 5), (0, 1), (6,), (7, 8)])
@pytest.mark.parametrize("days", [0, 30])
def test_both_verifiers_agree_on_what_was_pruned(gone, days):
    lines = pruned(with_pruning(stop=5, days=days), *gone)

    assert codes(found(lines)) == codes(verify_ours(lines))


@pytest.mark.parametrize("gone", [(2, 3, 4, 5), (0, 1), (6,)])
def test_a_body_that_nothing_says_was_pruned_is_missed(gone):
    assert codes(found(pruned(with_pruning(stop=5), *gone))) == {"pruned-uncovered"}


def test_what_was_pruned_before_its_time_shows():
    assert codes(found(pruned(with_pruning(stop=5, days=30), 2, 3))) == {"pruned-early"}


def test_an_auditor_may_demand_that_bodies_were_kept_longer():
    audit = qgw_verify.Audit(None, keeps=400)
    audit.ledger("ledger", Stream(pruned(with_pruning(stop=5), 2, 3)))

    assert codes(audit.report) == {"pruned-early"}


def test_a_pruned_line_names_its_hash_and_place_and_nothing_else():
    lines = pruned(with_pruning(stop=5), 3)
    moved = [line.replace(b'"pruned":3', b'"pruned":4') for line in lines]
    other = [line.replace(line[9:73], b"7" * 64) if b'"pruned":3' in line else line for line in lines]

    assert "line-unreadable" in codes(found(moved))
    assert {"chain-broken", "root-differs"} <= codes(found(other))


def with_pruning(*, stop, days=0):
    """A ledger that says what was pruned; every entry is of the same moment."""
    scribe = Scribe.begin(7)
    body = {"stop": stop, "days": days, "entries": 3, "held": 0, "reason": "r", "policy": "0" * 64, "by": "1" * 64}
    scribe.drafts.append(draft("ledger.pruned", **body))
    return scribe
