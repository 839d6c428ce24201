"""What only the IBM dialect says no with; the rest is in `gateway.domain.malformed`."""

from gateway.domain.errors import RefusedError

GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"


class MalformedFormError(RefusedError):
    """The body of a token exchange is no form."""

    code = "malformed-form"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the token request is no form: {problem}; send grant_type and apikey once each, URL-encoded")


class UnsupportedGrantError(RefusedError):
    """A token was asked for with something other than an API key."""

    code = "unsupported-grant"

    def __init__(self) -> None:
        super().__init__(f"this grant type is not supported; allowed is {GRANT_TYPE} with a gateway key as apikey")


class ResultsGoneError(RefusedError):
    """A completed job whose results were erased."""

    code = "results-gone"

    def __init__(self, *, job: str) -> None:
        super().__init__(f"job {job} is completed but its results are gone; submit it again if you need them")
