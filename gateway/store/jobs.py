"""Jobs as rows. Whoever lists jobs names a project: there is no query over tenants but the reconciler's."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Float, Row, cast, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.domain.backend import ExecutionKind
from gateway.domain.changes import Obliged
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.job import JobRecord, JobStatus
from gateway.domain.stop import Source
from gateway.domain.synthetic import PROJECT
from gateway.domain.writes import JobEdit
from gateway.ports.operations import ListJobs
from gateway.store.bulk import upsert_rows
from gateway.store.tables import attempt, job, job_answered, job_stop
from gateway.store.values import json_text, text_json, text_time, time_text

UNFINISHED: Final = tuple(status.value for status in JobStatus if not status.final)

_COLUMNS: Final = tuple(column.name for column in job.columns)
_FIXED: Final = frozenset(
    {"id", "client_job_id", "dialect", "project_id", "principal_id", "key_id", "program", "created_at"}
)
"""What a job is never changed to: above all, another tenant's."""
_EDITED: Final = frozenset({"tags", "deleted"})
"""What its caller changes, perhaps at another replica than the one that follows it: each writes its own columns."""
_NOTHING: Final = Obliged()
_CHANGING: Final = tuple(name for name in _COLUMNS if name not in _FIXED | _EDITED)


async def load(connection: AsyncConnection, client_job_id: str) -> JobRecord | None:
    """Read a job by the id its client knows."""
    row = (await connection.execute(select(job).where(job.c.client_job_id == client_job_id))).one_or_none()
    return None if row is None else _record(row)


async def by_id(connection: AsyncConnection, job_id: str) -> JobRecord | None:
    """Read a job by our own id."""
    row = (await connection.execute(select(job).where(job.c.id == job_id))).one_or_none()
    return None if row is None else _record(row)


async def by_ids(connection: AsyncConnection, job_ids: Iterable[str]) -> list[JobRecord]:
    """Read several jobs by our own ids; those that do not exist are left out."""
    rows = await connection.execute(select(job).where(job.c.id.in_(list(job_ids))))
    return [_record(row) for row in rows]


async def search(
    connection: AsyncConnection,
    wanted: ListJobs,
    *,
    project_id: str,
    principal_id: str | None,
    colleagues: bool,
    dialect: str | None = None,
) -> tuple[list[JobRecord], int]:
    """List a project's jobs as a client asked, and how many match in all; deleted ones are gone.

    A principal sees its own, and with `colleagues` also those of others that are not private. `None` is
    whoever runs the gateway's machine, and sees all.
    """
    conditions = [job.c.project_id == project_id, job.c.deleted.is_(False), *_conditions(wanted)]
    if dialect is not None:
        conditions.append(job.c.dialect == dialect)
    if principal_id is not None:
        own = job.c.principal_id == principal_id
        conditions.append(or_(own, job.c.private.is_(False)) if colleagues else own)
    order = (job.c.created_at, job.c.id) if wanted.ascending else (job.c.created_at.desc(), job.c.id.desc())
    query = select(job).where(*conditions).order_by(*order).limit(wanted.limit).offset(wanted.offset)
    rows = (await connection.execute(query)).all()
    count = (await connection.execute(select(func.count()).select_from(job).where(*conditions))).scalar_one()
    return [_record(row) for row in rows], int(count)


async def unfinished(connection: AsyncConnection) -> list[JobRecord]:
    """List every job of every tenant that has not ended, oldest first."""
    query = select(job).where(job.c.status.in_(UNFINISHED)).order_by(job.c.created_at, job.c.id)
    return [_record(row) for row in await connection.execute(query)]


async def count_by_status(connection: AsyncConnection) -> dict[str, int]:
    """Count the jobs of every tenant by status; the self-test is none."""
    query = select(job.c.status, func.count()).where(job.c.project_id != PROJECT).group_by(job.c.status)
    return {status: int(count) for status, count in await connection.execute(query)}


async def in_session(connection: AsyncConnection, session_id: str) -> list[JobRecord]:
    """List a session's jobs, oldest first."""
    query = select(job).where(job.c.session_id == session_id).order_by(job.c.created_at, job.c.id)
    return [_record(row) for row in await connection.execute(query)]


async def used_seconds(connection: AsyncConnection, project_id: str, since: datetime) -> float:
    """Add up the execution seconds of a project's jobs created since a moment."""
    total = func.sum(cast(job.c.usage_seconds, Float))
    query = select(total).where(job.c.project_id == project_id, job.c.created_at >= rfc3339(since))
    return float((await connection.execute(query)).scalar_one() or 0)


async def by_token(connection: AsyncConnection, *, project_id: str, principal_id: str, token: str) -> JobRecord | None:
    """Find the job that a principal's own token stands for."""
    mine = (job.c.project_id == project_id, job.c.principal_id == principal_id, job.c.repeat_token == token)
    row = (await connection.execute(select(job).where(*mine))).one_or_none()
    return None if row is None else _record(row)


async def unanswered(connection: AsyncConnection, since: datetime) -> list[JobRecord]:
    """List jobs created since a moment whose client is not known to have received the answer, oldest first.

    What was closed without having run is none: its client was told so, or submits it again.
    """
    may_have_run = exists().where(attempt.c.job_id == job.c.id, attempt.c.state != "abandoned")
    query = (
        select(job)
        .outerjoin(job_answered, job_answered.c.job_id == job.c.id)
        .where(job.c.created_at >= rfc3339(since), job_answered.c.job_id.is_(None), may_have_run)
        .order_by(job.c.created_at, job.c.id)
    )
    return [_record(row) for row in await connection.execute(query)]


async def is_answered(connection: AsyncConnection, job_id: str) -> bool:
    """Say whether a job's client is known to have received the answer."""
    query = select(job_answered.c.job_id).where(job_answered.c.job_id == job_id)
    return (await connection.execute(query)).one_or_none() is not None


async def ended(connection: AsyncConnection, job_ids: Collection[str]) -> list[JobRecord]:
    """List those of some jobs that have ended."""
    query = select(job).where(job.c.id.in_(job_ids), job.c.status.not_in(UNFINISHED))
    return [_record(row) for row in await connection.execute(query)]


async def cancelled(connection: AsyncConnection, since: datetime) -> list[tuple[JobRecord, datetime]]:
    """List jobs of every tenant whose callers asked for them to be stopped since a moment, and when, oldest first."""
    asked = (job_stop.c.source == Source.CALLER.value, job_stop.c.at >= rfc3339(since))
    query = select(job_stop.c.job_id, job_stop.c.at).where(*asked)
    moments = {job_id: parse_rfc3339(at) for job_id, at in await connection.execute(query)}
    stopped = select(job).join(job_stop, job_stop.c.job_id == job.c.id).where(*asked).order_by(job_stop.c.at)
    return [(_record(row), moments[row.id]) for row in await connection.execute(stopped)]


def note_answered(connection: Connection, job_ids: Iterable[str], at: datetime) -> None:
    """Write down that answers left whole; writing it twice changes nothing."""
    upsert_rows(connection, job_answered, (), [{"job_id": each, "at": rfc3339(at)} for each in job_ids])


def put(connection: Connection, records: Iterable[JobRecord]) -> None:
    """Insert jobs, or replace what may change of those that exist; the last of the same job wins."""
    upsert_rows(connection, job, _CHANGING, [_row(record) for record in records])


def edit(connection: Connection, edits: Iterable[JobEdit]) -> None:
    """Change what callers may change of jobs."""
    for each in edits:
        values: dict[str, Any] = {"deleted": True} if each.deleted else {}
        if each.tags is not None:
            values["tags"] = _tags_text(each.tags)
        if values:
            connection.execute(update(job).where(job.c.id == each.job_id).values(values))


def _record(row: Row[Any]) -> JobRecord:
    """Read a row."""
    values: Mapping[str, Any] = row._asdict()
    return JobRecord(
        **{
            **values,
            "kind": ExecutionKind(row.kind),
            "status": JobStatus(row.status),
            "created_at": parse_rfc3339(row.created_at),
            "started_at": text_time(row.started_at),
            "finished_at": text_time(row.finished_at),
            "tags": tuple(text_json(row.tags)),
            "estimated_seconds": float(row.estimated_seconds),
            "usage_seconds": float(row.usage_seconds),
            # Stored in the order of their names, as all JSON is; they were passed in this one.
            "stages": dict(sorted(text_json(row.stages).items(), key=itemgetter(1))),
            "echo": text_json(row.echo),
            "obliged": _obliged(text_json(row.obliged)),
        }
    )


def _row(job_: JobRecord) -> dict[str, Any]:
    return {
        **{name: getattr(job_, name) for name in _COLUMNS},
        "kind": job_.kind.value,
        "status": job_.status.value,
        "created_at": rfc3339(job_.created_at),
        "started_at": time_text(job_.started_at),
        "finished_at": time_text(job_.finished_at),
        "tags": _tags_text(job_.tags),
        "estimated_seconds": repr(job_.estimated_seconds),
        "usage_seconds": repr(job_.usage_seconds),
        "stages": json_text(job_.stages),
        "echo": json_text(job_.echo),
        "obliged": _obliged_text(job_.obliged),
    }


def _obliged_text(obliged: Obliged) -> str:
    return "{}" if obliged == _NOTHING else json_text(asdict(obliged))


def _obliged(told: Mapping[str, Any]) -> Obliged:
    """Read what policy obliged to; no region at all is something else than any region."""
    regions = told.get("regions")
    return Obliged(
        words=tuple(told.get("words", ())),
        calibration_seconds=told.get("calibration_seconds"),
        regions=None if regions is None else tuple(regions),
        warned=tuple(told.get("warned", ())),
    )


def _tags_text(tags: tuple[str, ...]) -> str:
    # JSON text never holds a raw line break inside a string. With one before each tag, a line break and a quoted
    # tag found anywhere in the column is a whole tag, so one portable text search answers "has this tag".
    return f"[{','.join(_tag_text(tag) for tag in tags)}]"


def _tag_text(tag: str) -> str:
    return f"\n{json.dumps(tag)}"


def _has_tag(tag: str) -> ColumnElement[bool]:
    return func.replace(job.c.tags, _tag_text(tag), "") != job.c.tags


def _conditions(wanted: ListJobs) -> list[ColumnElement[bool]]:
    conditions = [_has_tag(tag) for tag in wanted.tags]
    if wanted.backend is not None:
        # A job that fell back is found under the name that was asked for too.
        conditions.append(or_(job.c.backend == wanted.backend, job.c.asked_backend == wanted.backend))
    if wanted.pending is not None:
        ended = job.c.status.not_in(UNFINISHED)
        conditions.append(~ended if wanted.pending else ended)
    if wanted.statuses:
        conditions.append(job.c.status.in_(wanted.statuses))
    if wanted.program is not None:
        conditions.append(job.c.program == wanted.program)
    if wanted.session_id is not None:
        conditions.append(job.c.session_id == wanted.session_id)
    if wanted.created_after is not None:
        conditions.append(job.c.created_at >= rfc3339(wanted.created_after))
    if wanted.created_before is not None:
        conditions.append(job.c.created_at <= rfc3339(wanted.created_before))
    return conditions
