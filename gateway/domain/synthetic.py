"""Who the self-test acts as: a project and principals of the gateway's own, which nobody else can act as.

Their work is real in every other respect. It counts for no limit, which is safe only because no key of this project
leaves the process that made it, and because the project may use nothing but a simulator.
"""

from typing import Final

from gateway.domain.errors import RefusedError
from gateway.domain.ids import ProjectId

PROJECT: Final = ProjectId("qgw-selftest")
"""Id and name of the project; other projects have random ids."""
ALLOWED: Final = "qgw-selftest-allowed"
"""Name of the principal whose work must be taken."""
DENIED: Final = "qgw-selftest-denied"
"""Name of the principal that may look, and whose work must be denied."""


class SyntheticRefusedError(RefusedError):
    """Somebody wants a key of the self-test's project, its name, or other terms for it."""

    code = "synthetic-project"

    def __init__(self) -> None:
        super().__init__(
            f"the project {PROJECT} is the gateway's own, for its self-test: it has no keys for others, and its terms "
            "stay; use another project"
        )


def is_synthetic(project_id: str | None) -> bool:
    """Say whether work is the self-test's and nobody's."""
    return project_id == PROJECT


def check_not_synthetic(project: str) -> None:
    """Keep everybody but the gateway itself out of its project.

    Raises:
        SyntheticRefusedError: it is that project, by id or name.
    """
    if project.casefold() == PROJECT:
        raise SyntheticRefusedError
