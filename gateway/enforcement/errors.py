"""What enforcement says no with. Codes are stable; docs/reference/errors.md lists them."""

from typing import Final

from gateway.domain.decision import Decision
from gateway.domain.errors import RefusedError, UnavailableError

SPENT: Final = frozenset({"budget/money", "budget/quota"})
"""Rules that say how much is left."""


class DeniedError(RefusedError):
    """Policy said no; the message is the rules' own words."""

    code = "policy-denied"

    def __init__(self, decision: Decision) -> None:
        findings = "; ".join(
            f"{finding.rule}: {finding.message}" + (f" ({finding.remedy})" if finding.remedy else "")
            for finding in decision.deny
        )
        super().__init__(f"denied by policy: {findings} [decision {decision.id}]")
        self.decision = decision


class OverBudgetError(DeniedError):
    """Policy said no for the sake of a budget or quota alone; the message says what is left and when it resets."""

    code = "over-budget"


class PolicyUnavailableError(UnavailableError):
    """The policy engine gave no answer, so nothing may go; the denial is recorded all the same."""

    code = "policy-unavailable"

    def __init__(self, decision: Decision) -> None:
        super().__init__(
            f"the policy engine gave no answer, so nothing was forwarded; try again [decision {decision.id}]"
        )
        self.decision = decision


def refusal(decision: Decision) -> DeniedError | PolicyUnavailableError:
    """Tell rules that said no, which stay no, from budgets that reset, and from an engine that did not get to speak."""
    silent = {"engine/timeout", "engine/unavailable"}
    if decision.deny and all(finding.rule in silent for finding in decision.deny):
        return PolicyUnavailableError(decision)
    if decision.deny and all(finding.rule in SPENT for finding in decision.deny):
        return OverBudgetError(decision)
    return DeniedError(decision)


class PermissionMissingError(RefusedError):
    """The key's roles do not carry the permission this operation takes."""

    code = "permission-missing"

    def __init__(self, *, permission: str, roles: tuple[str, ...]) -> None:
        super().__init__(
            f"this takes the permission {permission}, and the key's roles {sorted(roles)} do not carry it; "
            "ask an administrator for a key with another role"
        )


class JobEndedError(RefusedError):
    """What was asked makes sense only while a job still waits or runs."""

    code = "job-ended"

    def __init__(self, *, job: str, status: str) -> None:
        super().__init__(f"job {job} is already {status}; only a waiting or running job can be cancelled")


class JobUnfinishedError(RefusedError):
    """What was asked makes sense only after a job ended."""

    code = "job-unfinished"

    def __init__(self, *, job: str, status: str) -> None:
        super().__init__(f"job {job} is still {status}; cancel it or wait until it has ended, then delete it")


class SessionClosedError(RefusedError):
    """A session that takes no more jobs was given one."""

    code = "session-closed"

    def __init__(self, *, session: str, why: str) -> None:
        super().__init__(f"session {session} takes no more jobs: {why}; open a new one")


class SessionBackendError(RefusedError):
    """A job in a session asked for another backend than the session's."""

    code = "session-backend"

    def __init__(self, *, session: str, asked: str, backend: str) -> None:
        super().__init__(f"session {session} is open on {backend}, the job asks for {asked}; submit it to {backend}")


class NotForwardedError(UnavailableError):
    """The permit stands, nothing runs yet; the reconciler will try or close the job."""

    code = "not-forwarded"
