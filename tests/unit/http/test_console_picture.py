"""The picture of a proof has every hash of it, in rows that meet and do not overlap; and pages tell values in words."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from gateway.audit.checkpoint import Checkpoint
from gateway.casework.found import Choices
from gateway.casework.proving import Inclusion, Sibling
from gateway.domain.backend import ExecutionKind
from gateway.domain.job import JobStatus
from gateway.http.console import facts, picture, questions, words
from gateway.http.console.job import answer
from gateway.store.checkpoints import StoredCheckpoint
from tests import records

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def proof(steps, witnesses=()):
    path, start, stop = [], 5, 6
    for number in range(steps):
        left = number % 2 == 0
        entries = (start - 2**number, start) if left else (stop, stop + 2**number)
        start, stop = min(start, entries[0]), max(stop, entries[1])
        path.append(
            Sibling(
                hash=bytes([number]) * 32,
                entries=entries,
                left=left,
                above=bytes([100 + number]) * 32,
                spanned=(start, stop),
            )
        )
    return Inclusion(
        seq=5,
        leaf_hash=bytes(32),
        path=tuple(path),
        checkpoint=Checkpoint(origin="test", size=1234, root=bytes(32)),
        stored=StoredCheckpoint(size=1234, note="", at=NOW),
        witnesses=witnesses,
    )


@pytest.mark.parametrize("steps", [0, 1, 5, 63])
def test_every_hash_is_drawn_once_and_nothing_overlaps(steps):
    drawn = picture.draw(proof(steps))

    assert len(drawn.boxes) == 1 + 2 * steps
    assert len(drawn.lines) == 1 + 2 * steps
    assert [box.kind for box in drawn.boxes].count("root") == 1
    assert all(box.left >= 0 and box.left + picture.BOX_WIDTH <= picture.WIDTH for box in drawn.boxes)
    assert all(box.top >= picture.PLATE and box.top + picture.BOX_HEIGHT <= drawn.height for box in drawn.boxes)
    places = sorted((box.y, box.x) for box in drawn.boxes)
    for (y, x), (below, right) in pairwise(places):
        assert below - y >= picture.BOX_HEIGHT or (below == y and right - x >= picture.BOX_WIDTH)


def test_a_sibling_stands_on_the_side_where_its_entries_are():
    drawn = picture.draw(proof(2))

    aside = [box for box in drawn.boxes if box.kind == "sibling"]
    assert aside[0].x < picture.WIDTH // 2 < aside[1].x


@pytest.mark.parametrize(("witnesses", "told"), [(("w1", "w2"), "seen by w1, w2"), ((), "by no witness")])
def test_the_plate_says_who_saw_it(witnesses, told):
    assert told in picture.draw(proof(1, witnesses)).plate[1]


@pytest.mark.parametrize(
    ("kind", "status", "instead", "word", "told"),
    [
        (ExecutionKind.HARDWARE, JobStatus.COMPLETED, "", "QPU", "It ran on quantum hardware"),
        (ExecutionKind.HARDWARE, JobStatus.FAILED, "", "No result", "It was sent to"),
        (ExecutionKind.HARDWARE, JobStatus.RUNNING, "", "QPU, under way", "it has not ended"),
        (ExecutionKind.SIMULATOR, JobStatus.COMPLETED, "offline", "No QPU", "ran on the simulator"),
        (ExecutionKind.SIMULATOR, JobStatus.CANCELLED, "", "No QPU", "was to run on the simulator"),
        (ExecutionKind.SIMULATOR, JobStatus.QUEUED, "", "No QPU", "runs on the simulator"),
    ],
)
def test_nobody_is_left_in_doubt_what_computed_a_result(kind, status, instead, word, told):
    said = answer(records.job(kind=kind, status=status, fallback_reason=instead))

    assert said.word == word
    assert told in said.told


def test_facts_are_lines_by_path():
    given = {"job": {"tags": [], "shots": 5, "private": False}, "circuits": [{"depth": 3}, {"depth": None}]}

    assert dict(facts.nouns(given)) == {
        "circuits": [("circuits[0].depth", "3"), ("circuits[1].depth", "unknown")],
        "job": [("job.tags", "none"), ("job.shots", "5"), ("job.private", "no")],
    }


@pytest.mark.parametrize(
    ("seconds", "told"), [(100, "100 s"), (8.5e-5, "85 µs"), (0.25, "250 ms"), (3e-8, "30 ns"), (0, "0 ns")]
)
def test_times_are_told_in_a_unit_that_fits(seconds, told):
    assert facts.duration(seconds) == told


def test_types_of_entries_are_told_in_words():
    assert words.title("job.cancel_requested") == "Job cancel requested"
    assert words.tone("job.denied") == "bad"
    assert words.meaning("job.denied").startswith("Policy refused")
    assert words.meaning("nobody.knows") == ""


def test_there_are_ten_questions_with_what_there_is_to_choose_from():
    nothing = Choices(types=(), vendors=(), backends=(), rules=(), codes=(), classifications=(), kinds=(), projects=())

    denying = [f"a/{number}" for number in range(9)]

    asked = questions.ask(replace(nothing, rules=("a/warned",), vendors=("ibm",)), denying, NOW)

    assert len(asked) == 10
    assert len({each.id for each in asked}) == 10
    denied = next(each for each in asked if each.id == "denied")
    assert (len(denied.first), len(denied.rest)) == (questions.SHOWN, 4)
    assert "a/warned" not in {each.text for each in denied.answers}
    submitted = next(each for each in asked if each.id == "submitted").answers[0]
    assert submitted.href == (
        "/console/timeline?type=job.permitted%2Cjob.denied%2Creservation.refused&vendor=ibm&since=2026-11-15"
    )
