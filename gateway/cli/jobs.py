"""`gateway jobs`: what was submitted and what became of it, for operators. No payload and no result is shown."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import rich_click as click

from gateway.casework.inspection import JobReport
from gateway.cli.exits import Exit
from gateway.cli.house import in_house, names
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_fields, answer_json, answer_table, counted, json_option, say, synthetic_option
from gateway.domain.job import JobRecord
from gateway.ports.operations import ListJobs
from gateway.wiring import House

_COLUMNS = ("id", "created", "principal", "project", "program", "asked", "backend", "kind", "status")


@click.group()
def jobs() -> None:
    """Jobs of every project: lists, one with its attempts and entries, and closing what nobody follows."""


@jobs.command("list")
@click.option("--project", help="Only this project's.")
@click.option("--backend", help="Only those that run, or ran, on this backend.")
@click.option("--pending/--ended", "pending", default=None, help="Only those that have not ended, or that have.")
@synthetic_option
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many, newest first."
)
@json_option
@call
def list_(
    this: Call,
    /,
    *,
    project: str | None,
    backend: str | None,
    pending: bool | None,
    synthetic: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List jobs, newest first."""
    wanted = ListJobs(limit=limit, backend=backend, pending=pending)

    async def work(house: House) -> list[Mapping[str, Any]]:
        people, accounts = await names(house)
        only = (await house.administration.projects.named(project)).id if project else None
        found = await house.inspection.jobs(wanted, project_id=only, synthetic=synthetic)
        return [_row(job, people, accounts) for job in found]

    rows = in_house(this, work)
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
@call
def show(this: Call, /, *, job_id: str, as_json: bool) -> None:
    """Show the job ID (the SDK's id, or ours) with its attempts and what the ledger says of it."""
    report = in_house(this, lambda house: house.inspection.job(job_id))
    if as_json:
        answer_json(_report(report))
        return
    circuits = f"{counted(len(report.parts), 'circuit')} sent in {report.job.circuits} parts"
    told = {"circuits": circuits} if report.parts else {}
    answer_fields(_fields(report.job) | told | {"classification": report.classification, "sealed": report.sealed})
    click.echo()
    answer_table([asdict(attempt) for attempt in report.attempts], ("attempt", "backend", "state", "claims", "seq"))
    click.echo()
    answer_table([asdict(entry) for entry in report.entries], ("seq", "at", "type"))


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
@call
def provenance(this: Call, /, *, job_id: str, as_json: bool) -> Exit:
    """Show where the job ID comes from: each field of its provenance, and who told it.

    Exits 0 when it is as the ledger names it, and 1 when it was erased, or is not what was sealed at submission.
    """
    traced = in_house(this, lambda house: house.provenances.of(job_id))
    document = traced.document
    if as_json:
        answer_json({"document": document, "digest": traced.digest, "holds": traced.holds})
    elif document is not None:
        answer_table([_origin(name, told) for name, told in document["fields"].items()], ("field", "told by", "value"))
        click.echo()
        answer_fields({name: document[name] for name in ("complete", "score", "missing")} | {"holds": traced.holds})
    else:
        say(f"the provenance of {traced.job.client_job_id} was erased; the ledger names its digest {traced.digest}")
    return Exit.DONE if traced.holds else Exit.NO


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--reason", required=True, help="Why; its owner reads it.")
@json_option
@call
def close(this: Call, /, *, job_id: str, reason: str, as_json: bool) -> None:
    """End the job ID as failed, whose vendor no installed adapter asks any more.

    Look into the vendor's console first: what ran there is billed, and its result is not fetched. What was reserved
    for the job is free again. Every other job ends by itself, or when its owner cancels it.
    """
    closed = in_house(this, lambda house: house.administration.stranded.close(job_id, reason=reason))
    answer_json(_fields(closed)) if as_json else answer_fields(_fields(closed))


def _origin(name: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"field": name, "told by": told["origin"], "value": told["value"]}


def _row(job: JobRecord, people: Mapping[str, str], accounts: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "id": job.client_job_id,
        "created": job.created_at,
        "principal": people.get(job.principal_id, job.principal_id),
        "project": accounts.get(job.project_id, job.project_id),
        "program": job.program,
        "asked": job.asked_backend,
        "backend": job.backend,
        "kind": job.kind.value,
        "status": job.status.value,
    }


def _fields(job: JobRecord) -> dict[str, Any]:
    # What a dialect must echo is the client's own text; it is not ours to print.
    told = {name: value for name, value in asdict(job).items() if name not in {"echo", "obliged", "stages"}}
    stages = {f"stage {name}": at for name, at in job.stages.items()}
    return {**told, "changed": list(job.obliged.words), "warned": list(job.obliged.warned), **stages}


def _report(report: JobReport) -> Mapping[str, Any]:
    return {
        "job": _fields(report.job),
        "classification": report.classification,
        "parts": report.parts,
        "sealed": report.sealed,
        "attempts": [asdict(attempt) for attempt in report.attempts],
        "entries": [asdict(entry) for entry in report.entries],
    }
