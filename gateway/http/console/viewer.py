"""Who looks at a page, and what may be on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from gateway.casework.sign_ins import Standing
from gateway.domain.console import ConsoleSession
from gateway.domain.errors import RefusedError
from gateway.domain.principal import Caller, Principal, Project

ALL: Final = frozenset({"audit.export"})
"""Permissions that let somebody see every project: whoever may export the ledger has it all anyway."""


class PagePermissionError(RefusedError):
    """No role of whoever is signed in carries the permission that a page takes."""

    code = "permission-missing"

    def __init__(self, *, permission: str, roles: tuple[str, ...]) -> None:
        super().__init__(
            f"this page takes the permission {permission}, and your roles {sorted(roles)} do not carry it; "
            "ask an administrator"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who is signed in."""

    principal: Principal
    roles: tuple[str, ...]
    permissions: frozenset[str]
    projects: tuple[Project, ...]
    """Their own."""
    session: ConsoleSession
    caller: Caller | None
    """Whose gateway key they showed; `None` where an identity provider vouched for them."""

    @classmethod
    def of(cls, standing: Standing, permissions: Mapping[str, tuple[str, ...]]) -> Self:
        """Make one; `permissions` says what each role may do."""
        return cls(
            principal=standing.principal,
            roles=standing.roles,
            permissions=frozenset(each for role in standing.roles for each in permissions.get(role, ())),
            projects=standing.projects,
            session=standing.session,
            caller=standing.caller,
        )

    def may(self, permission: str) -> bool:
        """Say whether a role carries the permission."""
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Refuse whoever has no role with the permission.

        Raises:
            PagePermissionError: no role carries it.
        """
        if not self.may(permission):
            raise PagePermissionError(permission=permission, roles=self.roles)

    @property
    def sees_all(self) -> bool:
        """Say whether every project may be on a page."""
        return not ALL.isdisjoint(self.permissions)

    @property
    def project_ids(self) -> frozenset[str] | None:
        """Give the only projects that may be on a page; `None` is all of them."""
        return None if self.sees_all else frozenset(each.id for each in self.projects)

    def visible(self, project_id: str | None) -> bool:
        """Say whether something of a project, or of the deployment itself, may be on a page."""
        return self.sees_all or project_id in (self.project_ids or ())
