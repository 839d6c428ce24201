"""What only the IonQ dialect says no with; the rest is in `gateway.domain.malformed`."""

from gateway.domain.errors import RefusedError


class NoDocumentError(RefusedError):
    """A job has no such result: not yet, not any more, or never."""

    code = "not-found"

    def __init__(self, *, job: str, document: str, why: str) -> None:
        super().__init__(f"job {job} has no {document}: {why}")


class PartOfJobError(RefusedError):
    """Something was asked for one circuit of a job that can only be done with all of it."""

    code = "invalid-value"

    def __init__(self, *, child: str, parent: str) -> None:
        super().__init__(f"{child} is one circuit of job {parent}, which is cancelled, deleted and paid as a whole")


class NoPriceError(RefusedError):
    """A cost was asked for where no price is known."""

    code = "invalid-value"

    def __init__(self, *, backend: str) -> None:
        super().__init__(f"backend {backend} has no price here, so nothing can be estimated; ask its operator")
