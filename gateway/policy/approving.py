"""What a second person said to a job, as a fact."""

from datetime import datetime

from gateway.domain.approval import ApprovalRequest, ApprovalState
from gateway.policy.nouns import ApprovalNoun


def noun(request: ApprovalRequest | None, now: datetime) -> ApprovalNoun:
    """Write it as a fact; nobody has approved what nobody was asked about."""
    if request is None or request.verdict is None or request.state is not ApprovalState.APPROVED:
        return ApprovalNoun(
            granted=False, by=None, roles=None, backend=None, amount_micros=None, currency=None, age_seconds=None
        )
    verdict = request.verdict
    return ApprovalNoun(
        granted=True,
        by=verdict.by,
        roles=verdict.roles,
        backend=request.backend,
        amount_micros=request.amount_micros,
        currency=request.currency or None,
        # The approver's machine may be ahead of ours.
        age_seconds=max(0, int((now - verdict.at).total_seconds())),
    )
