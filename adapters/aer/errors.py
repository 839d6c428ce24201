"""How the simulator says no. HTTP status lives with the door; what a job failed of is text in its record."""

from gateway.domain.errors import RefusedError, UnavailableError

MAX_EXECUTION_TIME = 1305
"""The code IBM's clients know for a job that ran longer than it was allowed to."""


class OptionRefusedError(RefusedError):
    """An option asks for something whose silent absence would falsify the result."""

    code = "option-refused"

    def __init__(self, *, option: str, allowed: str, why: str) -> None:
        super().__init__(f"option {option} cannot be honoured on a simulator: {why}; allowed: {allowed}")
        self.option, self.allowed, self.why = option, allowed, why


class QueueFullError(UnavailableError):
    """The waiting room is full, for this principal or for all."""

    code = "simulator-queue-full"
    retry_after_seconds = 10

    def __init__(self, *, waiting: int, limit: int, whose: str) -> None:
        super().__init__(
            f"{waiting} simulator jobs of {whose} are waiting already, {limit} may; ask again when some have run"
        )
        self.waiting, self.limit = waiting, limit


class UpstreamClosedError(UnavailableError):
    """The gateway is stopping, or the simulator is switched off."""

    code = "simulator-closed"

    def __init__(self) -> None:
        super().__init__("the simulator takes no jobs now; ask again when the gateway is back")
