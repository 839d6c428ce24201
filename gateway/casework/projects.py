"""Projects: what work is charged to and judged under, and whose payloads are whose."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from gateway.casework.entries import GATEWAY, OPERATOR, AdminEntries
from gateway.casework.names import UnknownNameError, checked_label, checked_new
from gateway.domain.classification import Classification
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.ids import ProjectId
from gateway.domain.principal import Project, WorkloadClass
from gateway.domain.synthetic import PROJECT, check_not_synthetic
from gateway.store import projects
from gateway.store.engine import Database

_PATTERN: Final = re.compile(r"[A-Za-z0-9._*?\[\]-]{1,128}")


class BackendPatternError(RefusedError):
    """A backend allow-list entry that can match nothing."""

    code = "backend-pattern"

    def __init__(self, pattern: str) -> None:
        super().__init__(
            f"{pattern[:80]!r} is no pattern for backend names; "
            "use a name such as sim_line_5, or one with * such as sim_*"
        )
        self.pattern = pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which terms a project's work is judged; the defaults are the careful ones."""

    team: str = ""
    classification_floor: Classification = Classification.INTERNAL
    workload_class: WorkloadClass = WorkloadClass.EXPERIMENTAL
    simulator_consent: bool = False
    backends: tuple[str, ...] | None = None
    """Glob patterns; `None` leaves it to the roles."""

    @classmethod
    def of(cls, project: Project) -> Self:
        """Read a project's present terms, to change some of them."""
        return cls(
            team=project.team,
            classification_floor=project.classification_floor,
            workload_class=project.workload_class,
            simulator_consent=project.simulator_consent,
            backends=project.backends,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Projects:
    """Creates, lists and changes projects."""

    database: Database
    entries: AdminEntries
    clock: Clock

    async def every(self) -> list[Project]:
        """List all projects by name."""
        async with self.database.reading() as connection:
            return await projects.every(connection)

    async def named(self, name: str) -> Project:
        """Find one by name or id.

        Raises:
            UnknownNameError: there is none.
        """
        known = await self.every()
        found = next((each for each in known if name in {each.name, each.id}), None)
        if found is None:
            raise UnknownNameError("project", name, (each.name for each in known))
        return found

    async def create(self, *, name: str, terms: Terms, by: str = OPERATOR) -> Project:
        """Make a new project.

        Raises:
            NameRefusedError: the name could be mistaken.
            DuplicateNameError: the name is taken.
            SyntheticRefusedError: it is the self-test's.
            LabelRefusedError: the team's name does not fit on a line.
            BackendPatternError: an entry of the allow-list can match nothing.
        """
        check_not_synthetic(name)
        taken = [each.name for each in await self.every()]
        return await self._open(ProjectId(self.entries.new_id()), checked_new("project", name, taken), terms, by)

    async def open_synthetic(self, terms: Terms) -> Project:
        """Open the project that the gateway's self-test works in, or keep it and give it these terms."""
        found = next((each for each in await self.every() if each.id == PROJECT), None)
        if found is None:
            return await self._open(PROJECT, PROJECT, terms, GATEWAY)
        return await self._change(found, terms, GATEWAY)

    async def _open(self, project_id: ProjectId, name: str, terms: Terms, by: str) -> Project:
        new = Project(
            id=project_id,
            name=name,
            created_at=self.clock.now(),
            **_checked(terms),
        )
        await self._record("project.created", new, by, {})
        return new

    async def change(self, name: str, terms: Terms, *, by: str = OPERATOR) -> Project:
        """Judge a project's later work under other terms; running jobs stay where they are.

        Raises:
            UnknownNameError: there is none of that name.
            SyntheticRefusedError: it is the self-test's.
            LabelRefusedError: the team's name does not fit on a line.
            BackendPatternError: an entry of the allow-list can match nothing.
        """
        known = await self.named(name)
        check_not_synthetic(known.id)
        return await self._change(known, terms, by)

    async def _change(self, known: Project, terms: Terms, by: str) -> Project:
        changed = replace(known, **_checked(terms))
        if changed == known:
            return known
        await self._record("project.changed", changed, by, {"before": _told(known)})
        return changed

    async def _record(self, type_: str, project: Project, by: str, more: dict[str, Any]) -> None:
        await self.entries.record(
            type_,
            by=by,
            project_id=project.id,
            rows=(projects.write(project),),
            body={**_told(project), **more},
            people={"project": (project.id, project.name)},
        )


def _checked(terms: Terms) -> dict[str, Any]:
    return {
        "team": checked_label(terms.team),
        "classification_floor": terms.classification_floor,
        "workload_class": terms.workload_class,
        "simulator_consent": terms.simulator_consent,
        "backends": None if terms.backends is None else _patterns(terms.backends),
    }


def _patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise BackendPatternError(pattern)
    return tuple(patterns)


def _told(project: Project) -> dict[str, Any]:
    """Give what the ledger says of a project's terms."""
    return {
        "team": project.team,
        "classification_floor": project.classification_floor.value,
        "workload_class": project.workload_class.value,
        "simulator_consent": project.simulator_consent,
        "backends": None if project.backends is None else list(project.backends),
    }
