"""How the sandbox refuses."""

from gateway.domain.errors import RefusedError, UnavailableError


class UnreadablePayloadError(RefusedError):
    """A payload cannot be measured, so policy cannot judge it."""

    code = "payload-unreadable"

    def __init__(self, *, problem: str, message: str) -> None:
        super().__init__(message)
        self.problem = problem
        """Stable and more precise than `code`: a reader's own, or `too-costly`, `worker-died`."""


class SandboxBusyError(UnavailableError):
    """No worker was free in time."""

    code = "sandbox-busy"

    def __init__(self) -> None:
        super().__init__("too many payloads wait to be read; nothing was forwarded, submit again in a moment")
