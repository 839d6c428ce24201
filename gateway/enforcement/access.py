"""What a key may do besides submitting, which is Rego's to decide: roles are data of the policy."""

from collections.abc import Mapping

from gateway.domain.errors import NotFoundError
from gateway.domain.job import JobRecord
from gateway.domain.principal import Caller
from gateway.enforcement.errors import PermissionMissingError


class Access:
    """Checks permissions against the roles table of the policy data."""

    def __init__(self, roles: Mapping[str, tuple[str, ...]]) -> None:
        self._roles = roles

    def permits(self, caller: Caller, permission: str) -> bool:
        """Say whether any role of the key carries the permission."""
        return any(permission in self._roles.get(role, ()) for role in caller.key.roles)

    def require(self, caller: Caller, permission: str) -> None:
        """Refuse a caller without the permission.

        Raises:
            PermissionMissingError: no role of the key carries it.
        """
        if not self.permits(caller, permission):
            raise PermissionMissingError(permission=permission, roles=caller.key.roles)

    def visible(self, caller: Caller, job: JobRecord | None, *, name: str) -> JobRecord:
        """Give the job if this caller may see it; a foreign job looks like none.

        One's own jobs are always visible to the vendor's client that made them. Colleagues of the same project see
        each other's jobs unless they are private.

        Raises:
            NotFoundError: no such job for this caller.
        """
        mine = job is not None and job.project_id == caller.project.id and caller.understands(job.dialect)
        if job is not None and mine and not job.deleted:
            own = job.principal_id == caller.principal.id
            if own or (not job.private and self.permits(caller, "job.read")):
                return job
        raise NotFoundError(noun="job", name=name)
