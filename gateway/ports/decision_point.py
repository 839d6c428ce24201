"""Who decides (PDP): an embedded Rego engine, or an OPA server. Same policies, same facts, same decision."""

from collections.abc import Mapping
from typing import Protocol

from gateway.domain.decision import Decision


class DecisionPoint(Protocol):
    """Answers one question: may this job go, and where."""

    @property
    def engine(self) -> str:
        """Name the engine and its version."""
        ...

    async def start(self) -> None:
        """Load the policies; fails when they do not pass their self-test."""
        ...

    async def close(self) -> None:
        """Stop what it started."""
        ...

    async def decide(self, facts: bytes, *, decision_id: str) -> Decision:
        """Decide on canonical facts. Never raises: whatever goes wrong is a denial with an `engine/…` rule id."""
        ...

    async def asked_each(self, facts: bytes) -> Mapping[str, Decision]:
        """Let every engine decide that may ever decide, by name, whether or not it is believed; for tests of them."""
        ...

    def ready(self) -> str | None:
        """Say why it cannot decide now; `None` when it can."""
        ...
