"""What a dialect says no with when a request itself is wrong, the same words for every vendor.

Where something stands is a JSON pointer or the name of a query parameter. No message quotes a value: a
caller knows what it sent, and a log should not.
"""

from collections.abc import Iterable

from gateway.domain.errors import RefusedError


class UnknownOperationError(RefusedError):
    """No route of the dialect fits, or none with this method."""

    code = "unknown-operation"

    def __init__(self, *, supported: str, methods: Iterable[str] = ()) -> None:
        allowed = ", ".join(sorted(methods))
        found = f"this path takes only {allowed}" if allowed else "no operation has this path"
        super().__init__(f"{found}; supported here: {supported}")


class UnknownProgramError(RefusedError):
    """The submission asks for a program that this gateway does not run."""

    code = "unknown-program"

    def __init__(self, *, supported: Iterable[str]) -> None:
        super().__init__(f"the program asked for is not run here; programs run here: {', '.join(supported)}")


class MissingFieldError(RefusedError):
    """A field that the request needs is not there."""

    code = "missing-field"

    def __init__(self, *, pointer: str) -> None:
        super().__init__(f"{pointer} is missing; send it")
        self.pointer = pointer


class WrongTypeError(RefusedError):
    """A field has another JSON type than it may have."""

    code = "wrong-type"

    def __init__(self, *, pointer: str, found: str, allowed: str) -> None:
        super().__init__(f"{pointer or 'the body'} is {found}, allowed is {allowed}; send that")
        self.pointer, self.found, self.allowed = pointer, found, allowed


class InvalidValueError(RefusedError):
    """A field or parameter has the right type and a value that cannot be."""

    code = "invalid-value"

    def __init__(self, *, place: str, allowed: str) -> None:
        super().__init__(f"{place} has a value that is not allowed; allowed: {allowed}")
        self.place, self.allowed = place, allowed


class UnknownFieldError(RefusedError):
    """A field that would change nothing here, in a request where that would mislead."""

    code = "unknown-field"

    def __init__(self, *, pointer: str, known: Iterable[str]) -> None:
        super().__init__(f"{pointer} is not known here and would be ignored; known: {', '.join(sorted(known))}")
        self.pointer = pointer


class UnknownParameterError(RefusedError):
    """A query parameter that would change nothing here, in a request where that would mislead."""

    code = "unknown-parameter"

    def __init__(self, *, known: Iterable[str]) -> None:
        super().__init__(f"a query parameter is not known here and would be ignored; known: {', '.join(sorted(known))}")
