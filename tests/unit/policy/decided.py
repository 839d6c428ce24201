"""Decisions for tests."""

from gateway.domain.decision import Decision, Obligation, PlacementKind, PolicyPlacement


def allowed(*obligations: Obligation) -> Decision:
    """Let a job go where it asked, under obligations."""
    return Decision(
        id="d-1",
        allow=True,
        deny=(),
        warn=(),
        placement=PolicyPlacement(kind=PlacementKind.REQUESTED, reason=""),
        obligations=obligations,
        engine="toy",
        policy_revision="ab" * 32,
        data_revision="cd" * 32,
        facts_digest="ef" * 32,
        facts=b"{}",
        milliseconds=0.1,
    )
