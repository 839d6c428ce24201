"""Projects as rows."""

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.classification import Classification
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.principal import Project, WorkloadClass
from gateway.domain.writes import RowWrite
from gateway.store.tables import project
from gateway.store.values import json_text, text_json


async def every(connection: AsyncConnection) -> list[Project]:
    """List all projects by name."""
    return [_project(row) for row in await connection.execute(select(project).order_by(project.c.name))]


def write(what: Project) -> RowWrite:
    """Prepare a project's row, for the unit that records the change."""
    values = {
        "id": what.id,
        "name": what.name,
        "team": what.team,
        "classification_floor": what.classification_floor.value,
        "workload_class": what.workload_class.value,
        "simulator_consent": what.simulator_consent,
        "backends": None if what.backends is None else json_text(what.backends),
        "created_at": rfc3339(what.created_at),
    }
    return RowWrite(table=project.name, values=values)


def _project(row: Row[Any]) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        team=row.team,
        classification_floor=Classification(row.classification_floor),
        workload_class=WorkloadClass(row.workload_class),
        simulator_consent=row.simulator_consent,
        backends=None if row.backends is None else tuple(text_json(row.backends)),
        created_at=parse_rfc3339(row.created_at),
    )
