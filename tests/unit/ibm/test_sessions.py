"""A session's state, in the words that the SDK turns into a sentence."""

from dataclasses import replace

import pytest

from adapters.ibm.sessions import session_view
from gateway.ports.answers import SessionView
from tests.fakes.values import NOW, SESSION


@pytest.mark.parametrize(
    ("accepting", "counted", "state"),
    [
        pytest.param(True, {}, "open", id="nothing ran yet: Pending"),
        pytest.param(True, {"queued": 1}, "active", id="In progress, accepting new jobs"),
        pytest.param(True, {"queued": 0, "completed": 2}, "inactive", id="all done, more may come: Pending"),
        pytest.param(False, {"running": 1, "completed": 2}, "active", id="In progress, not accepting new jobs"),
        pytest.param(False, {"completed": 2}, "closed", id="Closed"),
        pytest.param(False, {}, "closed", id="closed without a job"),
        pytest.param(True, {"unknown": 1}, "active", id="a job of unknown fate may still run"),
    ],
)
def test_a_session_reads_as_what_its_jobs_do(accepting, counted, state):
    view = SessionView(session=replace(SESSION, accepting_jobs=accepting), jobs=counted, used_seconds=1.5)

    shown = session_view(view)

    assert (shown["state"], shown["accepting_jobs"], shown["elapsed_time"]) == (state, accepting, 1.5)


def test_times_are_shown_where_there_are_any():
    closed = session_view(SessionView(session=replace(SESSION, closed_at=NOW), jobs={}))

    assert closed["closed_at"] == "2026-03-01T12:00:00.000000Z"
    assert session_view(SessionView(session=SESSION, jobs={}))["closed_at"] is None
