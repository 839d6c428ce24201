"""What verification finds: the attacks on a ledger, as far as they show without signed checkpoints."""

import inspect
import re
import subprocess
import sys
from dataclasses import replace

import msgspec
import pytest

from gateway.audit import pruned, witnessed
from gateway.audit.merkle import MerkleChain, leaf_hash
from gateway.audit.verify import CODES, FINDINGS, ExpectedHead, Verifier, entry_line, verify
from tests.records import genesis, leaf


def codes(report):
    return [finding.code for finding in report.findings]


def test_an_untouched_export_holds(bundle):
    report = verify(bundle.lines(), expected_head=bundle.noted)

    assert report.ok
    assert (report.entries, report.root) == (20, bundle.root)


def test_an_export_that_has_grown_since_the_head_was_noted_holds(bundle):
    older = ExpectedHead(size=7, root=bundle.noted.root)
    first_seven = verify([*bundle.lines()[:1], *bundle.lines()[1:8]])

    assert codes(verify(bundle.lines(), expected_head=older)) == ["root-differs"]
    assert verify(bundle.lines(), expected_head=replace(older, root=first_seven.root)).ok


def test_an_edit_is_found_where_it_was_made(bundle):
    bundle.leaves[5] = bundle.leaves[5].replace(b'"number":5', b'"number":6')

    report = verify(bundle.lines())

    assert [(finding.seq, finding.code) for finding in report.findings][:1] == [(5, "entry-edited")]
    assert "does not have the hash" in report.findings[0].sentence


def test_an_edit_with_its_hash_made_to_fit_breaks_the_chain(bundle):
    bundle.leaves[5] = bundle.leaves[5].replace(b'"number":5', b'"number":6')
    bundle.hashes[5] = leaf_hash(bundle.leaves[5])

    report = verify(bundle.lines(), expected_head=bundle.noted)

    assert [(finding.seq, finding.code) for finding in report.findings] == [(6, "chain-broken"), (None, "root-differs")]


def test_an_edit_of_the_newest_entry_shows_against_the_head(bundle):
    """Nothing follows it, so nothing in the export itself contradicts."""
    bundle.leaves[19] = bundle.leaves[19].replace(b'"number":19', b'"number":18')
    bundle.hashes[19] = leaf_hash(bundle.leaves[19])

    assert verify(bundle.lines()).ok
    assert codes(verify(bundle.lines(), expected_head=bundle.noted)) == ["root-differs", "last-differs"]


def test_a_deletion_is_found(bundle):
    del bundle.leaves[5:8], bundle.hashes[5:8]

    report = verify(bundle.lines())

    assert codes(report)[:1] == ["entry-missing"]
    assert report.findings[0].sentence == "entries 5 to 7 are missing before entry 8"


def test_a_reordering_is_found(bundle):
    for column in (bundle.leaves, bundle.hashes):
        column[5], column[6] = column[6], column[5]

    report = verify(bundle.lines())

    found = [(finding.seq, finding.code) for finding in report.findings]
    assert found == [(5, "entry-missing"), (5, "entry-misplaced")]
    assert not verify(bundle.lines(), expected_head=bundle.noted).ok


@pytest.mark.parametrize("at", [0, 5, 19])
def test_an_insertion_is_found(bundle, at):
    _, (forged,) = MerkleChain().extend(replace(genesis(), size=0), [leaf(forged=True)])
    bundle.leaves.insert(at, forged.leaf)
    bundle.hashes.insert(at, forged.leaf_hash)

    assert not verify(bundle.lines()).ok


def test_a_cut_tail_shows_only_against_a_head_from_elsewhere(bundle):
    """A chain cannot know that it once was longer; somebody must have noted it down."""
    del bundle.leaves[15:], bundle.hashes[15:]

    assert verify(bundle.lines()).ok
    report = verify(bundle.lines(), expected_head=bundle.noted)
    assert [(finding.seq, finding.code) for finding in report.findings] == [(15, "tail-missing")]


def test_a_history_written_anew_shows_only_against_a_head_from_elsewhere(bundle):
    head, links = MerkleChain().extend(genesis(), [leaf(number=number, kind="forged") for number in range(20)])
    noted = bundle.noted
    bundle.head, bundle.leaves, bundle.hashes = head, [each.leaf for each in links], [each.leaf_hash for each in links]

    assert verify(bundle.lines()).ok
    assert codes(verify(bundle.lines(), expected_head=noted)) == ["root-differs", "last-differs"]


def test_a_file_that_was_cut_off_in_transit_contradicts_its_header(bundle):
    assert codes(verify(bundle.lines()[:-3])) == ["tail-missing"]
    assert codes(verify([*bundle.lines(), bundle.lines()[-1]])) == ["entry-misplaced"]


def test_another_ledger_than_expected_is_named(bundle):
    report = verify(bundle.lines(), expected_head=replace(bundle.noted, origin="other/ledger"))

    assert codes(report) == ["origin-differs"]
    assert "'test/ledger'" in report.findings[0].sentence


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}\n",
        b'{"format":"qgw.ledger/2","last":"%b","origin":"x","root":"%b","size":0}\n' % (b"0" * 64, b"0" * 64),
        b'{"format":"qgw.ledger/1","last":"%b","origin":"x","root":"%b","size":-1}\n' % (b"0" * 64, b"0" * 64),
        b'{"format":"qgw.ledger/1","last":"%b","origin":"x","root":"x","size":0}\n' % (b"0" * 64),
        b"\xff\xfe\n",
    ],
)
def test_a_file_that_is_no_export_says_so(bundle, line):
    assert codes(verify([line, *bundle.lines()[1:]])) == ["header-unreadable"]


def spoiled(bundle, at, content):
    """The line with other leaf bytes, hash and successors made to fit: as the owner of the database could."""
    head = replace(bundle.head, size=0, frontier=b"", last_hash=bytes(32))
    events = [leaf(number=number) for number in range(20)]
    events[at] = replace(events[at], event=content(events[at].event))
    _, links = MerkleChain().extend(head, events)
    bundle.leaves, bundle.hashes = [each.leaf for each in links], [each.leaf_hash for each in links]
    return bundle.lines()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda event: event.replace(b'"schema":1', b'"schema":1,"schema":1'), id="a key twice"),
        pytest.param(lambda event: event.replace(b'"schema":1', b'"schema": 1'), id="a blank"),
        pytest.param(lambda event: event.replace(b'"number":3', b'"number":3.0'), id="a float"),
        pytest.param(lambda event: event.replace(b'"number":3', b'"number":1e1'), id="an exponent"),
        pytest.param(lambda event: event.replace(b'"number"', b'"n\\u0075mber"'), id="a needless escape"),
        pytest.param(lambda event: event.replace(b'"schema":1', b'"schema":1,"shadow":2'), id="a field too many"),
        pytest.param(lambda event: event.replace(b'"project":null,', b""), id="a field too few"),
        pytest.param(lambda event: event.replace(b'"project":null', b'"project":7'), id="a field of another type"),
        pytest.param(lambda event: event.replace(b'"number":3', b'"number":"\xff"'), id="no UTF-8"),
    ],
)
def test_a_leaf_has_exactly_one_form(bundle, content):
    """Otherwise two readers could read two things from one proven leaf."""
    report = verify(spoiled(bundle, 3, content))

    assert [(finding.seq, finding.code) for finding in report.findings] == [(3, "not-canonical")]
    assert verify(bundle.lines(), strict=False).ok


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"\n", id="empty"),
        pytest.param(b"not json\n", id="no JSON"),
        pytest.param(entry_line(b"0" * 64, b"{}"), id="no place"),
        pytest.param(entry_line(b"0" * 64, b'{"seq":"5","prev":"x"}'), id="a place of another type"),
        pytest.param(b'{"leaf":{"seq":5,"prev":""}}\n', id="another layout"),
    ],
)
def test_a_line_that_is_no_entry_is_found_and_the_rest_is_still_read(bundle, line):
    lines = bundle.lines()
    lines[6] = line

    report = verify(lines)

    assert codes(report) == ["line-unreadable", "root-differs"]
    assert report.findings[0].seq == 5


def test_line_breaks_that_were_changed_are_no_export(bundle):
    lines = [line.replace(b"\n", b"\r\n") for line in bundle.lines()]

    assert set(codes(verify(lines))) == {"line-unreadable", "root-differs"}


def test_a_last_line_without_its_break_is_found(bundle):
    lines = bundle.lines()

    assert codes(verify([*lines[:-1], lines[-1].rstrip(b"\n")])) == ["line-unreadable", "root-differs"]


def test_findings_have_a_bound():
    verifier = Verifier()
    verifier.feed([b"nonsense\n"] * (FINDINGS * 3))

    assert len(verifier.report().findings) == FINDINGS


def test_types_of_later_releases_are_accepted(bundle):
    """A verifier proves that nothing was changed; what it means is not its business."""
    lines = spoiled(bundle, 3, lambda event: event.replace(b"requests.refused", b"qubit.repaired"))

    assert verify(lines).ok


def test_no_single_changed_bit_of_an_entry_goes_unnoticed(bundle):
    small = type(bundle)(3)
    header, *entries = small.lines()
    whole = b"".join(entries)
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1
        lines = [header, *bytes(changed).splitlines(keepends=True)]
        assert not verify(lines, expected_head=small.noted).ok, f"byte {position}"


def test_sentences_are_for_people(bundle):
    bundle.leaves[5] = bundle.leaves[5].replace(b'"number":5', b'"number":6')
    del bundle.leaves[9], bundle.hashes[9]

    for finding in verify(bundle.lines(), expected_head=bundle.noted).findings:
        assert re.fullmatch(r"[a-z].*[^.]", finding.sentence)


def test_every_finding_is_documented_and_every_documented_finding_is_found():
    source = "".join(map(inspect.getsource, (Verifier, witnessed, pruned)))
    used = set(re.findall(r'"([a-z]+-[a-z]+)", (?:told|str\(|f?")', source))

    assert used == set(CODES)


def test_verification_needs_no_database():
    """The verifier is given to people who have nothing else of ours."""
    program = "import sys, gateway.audit.verify; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_header_is_read_like_any_line(bundle):
    stated = msgspec.json.decode(bundle.lines()[0])

    assert stated == {
        "format": "qgw.ledger/1",
        "last": bundle.hashes[-1].hex(),
        "origin": "test/ledger",
        "root": bundle.root,
        "size": 20,
    }
