"""How a request for approval moves, and until when it stands."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.approval import ApprovalRequest, ApprovalState, Demand, Verdict
from tests.records import NOW

HOUR = timedelta(hours=1)
REQUEST = ApprovalRequest(
    job_id="j",
    client_job_id="c",
    project_id="p",
    principal_id="ada",
    state=ApprovalState.WAITING,
    demands=(Demand(reason="r", hours=2, permission="job.approve"), Demand(reason="s", hours=5, role="lead")),
    backend="b",
    amount_micros=None,
    currency="",
    event_id="e",
    asked_at=NOW,
    expires_at=NOW + 2 * HOUR,
)
VERDICT = Verdict(by="ben", roles=("lead",), reason="fine", at=NOW + HOUR)


def test_what_was_approved_has_as_long_again_to_go():
    assert REQUEST.decided(ApprovalState.APPROVED, VERDICT).expires_at == NOW + 3 * HOUR


@pytest.mark.parametrize("state", [state for state in ApprovalState if not state.open])
def test_what_is_over_expires_when_it_would_have(state):
    """A later moment would read as if somebody could still go on with it."""
    assert REQUEST.ended(state).expires_at == REQUEST.expires_at
    assert replace(REQUEST, verdict=None).decided(ApprovalState.REJECTED, VERDICT).expires_at == REQUEST.expires_at
