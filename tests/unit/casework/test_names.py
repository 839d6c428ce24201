"""What people are told when a name or a reason will not do."""

import pytest

from gateway.casework.names import ReasonRefusedError, UnknownNameError, checked_reason


def test_few_names_are_all_listed():
    known = [f"project-{number}" for number in range(20)]

    assert str(UnknownNameError("project", "moon", known)).endswith(", ".join(sorted(known)))


def test_of_many_names_the_nearest_are_told():
    """A list that is cut off looks whole, and what was meant may be behind the cut."""
    known = [f"project-{number}" for number in range(200)] + ["zeppelin"]

    told = str(UnknownNameError("project", "zepelin", known))

    assert "201 are known, the nearest: zeppelin" in told
    assert len(told) < 200


def test_nothing_is_known_where_there_is_nothing():
    assert str(UnknownNameError("project", "moon", ())).endswith("known: none yet")


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "x" * 201])
def test_a_reason_is_a_line_of_words(reason):
    with pytest.raises(ReasonRefusedError):
        checked_reason(reason)


def test_spaces_around_a_reason_are_none_of_it():
    assert checked_reason("  ticket 4711 ") == "ticket 4711"
