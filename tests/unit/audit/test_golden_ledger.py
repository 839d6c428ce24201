"""An archive that was signed when this format was new still verifies: auditors keep them for ten years."""

from pathlib import Path

import pytest

from gateway.audit.trust import Trust
from gateway.audit.witnessed import notes_in, verify

HERE = Path(__file__).parents[2] / "golden" / "ledger"


@pytest.fixture
def archive():
    return {path.name: path.read_bytes() for path in HERE.iterdir()}


def checked(archive, lines=None):
    return verify(
        archive["export.jsonl"].splitlines(keepends=True) if lines is None else lines,
        Trust.parse(archive["policy"].decode()),
        checkpoints=notes_in(archive["checkpoints.jsonl"]),
        known=notes_in(archive["known"]),
    )


def test_the_archive_still_verifies(archive):
    report = checked(archive)

    assert report.findings == ()
    assert (report.entries, report.checkpoints, report.witnessed.size) == (30, 5, 30)
    assert report.root == "8397a31f4b181c7f76c7ba0ca7c84a232ce322a76d5e95cc9662e608a9ea5be6"


def test_a_changed_archive_still_does_not(archive):
    lines = archive["export.jsonl"].splitlines(keepends=True)

    assert not checked(archive, lines[:-1]).ok
    assert not checked(archive, [*lines[:5], *lines[6:]]).ok
