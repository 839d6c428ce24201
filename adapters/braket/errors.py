"""What only the Braket dialect says no with; the rest is in `gateway.domain.malformed`."""

from gateway.domain.errors import RefusedError


class NotOfferedError(RefusedError):
    """A part of the vendor's API that would lead past the gateway, or that it has something else for."""

    code = "not-offered"


class MalformedFormError(RefusedError):
    """The body of a query request is no form."""

    code = "malformed-form"

    def __init__(self) -> None:
        super().__init__("the request's body is no form; send Action and Version once each, URL-encoded")


class ResultsGoneError(RefusedError):
    """A completed task whose results were erased."""

    code = "results-gone"

    def __init__(self, *, task: str) -> None:
        super().__init__(f"task {task} is completed but its results were erased; submit it again if you need them")


HYBRID_JOBS = (
    "hybrid jobs run your code inside the vendor's cloud, past this gateway, so they are not offered; "
    "run the code where you are and submit its quantum tasks here"
)
SPENDING_LIMITS = (
    "spending limits are the gateway's own budgets, which SearchSpendingLimits shows; they are made, changed and "
    "removed by its operators alone, with `gateway budgets`"
)
UPLOADS = "objects are only read here: results of your own tasks; keep other files in a bucket of your own"
VIRTUAL_HOSTS = (
    "address buckets in the path; set s3 addressing_style to path, or leave it out: it is the default for an endpoint"
)
