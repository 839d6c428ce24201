from datetime import UTC, datetime

import pytest

from gateway.cli import output

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_columns_are_aligned_and_never_cut_off(capsys):
    output.answer_table([{"a": "x" * 300, "b": True}, {"a": None, "b": ()}], ("a", "b"))

    header, first, second = capsys.readouterr().out.splitlines()
    assert header.index("b") == first.index("yes") == second.rindex("-") == 302


def test_moments_are_read_by_people_and_by_programs(capsys):
    output.answer_fields({"at": NOON})
    output.answer_json({"at": NOON, "on": NOON.date()})

    told = capsys.readouterr().out
    assert "2026-11-22 12:00:00Z" in told
    assert '"2026-11-22T12:00:00.000000Z"' in told
    assert '"2026-11-22"' in told


def test_bytes_are_never_shown_by_accident():
    with pytest.raises(TypeError):
        output.answer_json({"key": b"secret"})
