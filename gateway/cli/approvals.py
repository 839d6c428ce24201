"""`gateway approvals`: jobs that wait for a second person. To decide on one, show who you are with your own key."""

from collections.abc import Awaitable, Callable
from typing import Any

import rich_click as click

from gateway.casework import amounts
from gateway.casework.approvals import Approvals, Approver, Shown, row_of
from gateway.casework.names import UnknownNameError
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_fields, answer_json, answer_table, json_option, say
from gateway.cli.person import holder, key_option
from gateway.domain.budget import Unit
from gateway.domain.errors import NotFoundError
from gateway.wiring import House

_COLUMNS = ("job", "state", "project", "asker", "backend", "shots", "amount", "asked", "expires")
_reason = click.option("--reason", required=True, help="Why; the ledger keeps it, and who submitted the job reads it.")


@click.group()
def approvals() -> None:
    """Jobs that wait until a second person approves them."""


@approvals.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that wait no more.")
@json_option
@call
def list_(this: Call, /, *, everything: bool, as_json: bool) -> None:
    """List what waits for somebody, newest first."""

    async def work(house: House) -> list[Shown]:
        return await house.approvals.every(None, waiting=not everything)

    found = in_house(this, work)
    if as_json:
        answer_json([row_of(each) for each in found])
    else:
        answer_table([_told(each) for each in found], _COLUMNS)


@approvals.command()
@click.argument("job")
@json_option
@call
def show(this: Call, /, *, job: str, as_json: bool) -> None:
    """Show the request of JOB; with --json also the facts that policy judged it by."""

    async def work(house: House) -> Shown:
        try:
            return await house.approvals.named(job, None)
        except NotFoundError as error:
            known = await house.approvals.every(None, waiting=False)
            raise UnknownNameError(error.noun, job, [each.request.client_job_id for each in known]) from None

    shown = in_house(this, work)
    if as_json:
        answer_json({**row_of(shown), "facts": shown.facts})
    else:
        answer_fields(_told(shown))


@approvals.command()
@click.argument("job")
@_reason
@key_option
@json_option
@call
def approve(this: Call, /, *, job: str, reason: str, key_source: str | None, as_json: bool) -> None:
    """Let JOB go. A running gateway decides once more, and sends it within seconds."""
    _decide(this, key_source, lambda work, you: work.approve(job, you, reason=reason), as_json=as_json)
    say("policy decides once more, and the job goes if nothing else stands in its way: gateway jobs show")


@approvals.command()
@click.argument("job")
@_reason
@key_option
@json_option
@call
def reject(this: Call, /, *, job: str, reason: str, key_source: str | None, as_json: bool) -> None:
    """End JOB; who submitted it reads the reason."""
    _decide(this, key_source, lambda work, you: work.reject(job, you, reason=reason), as_json=as_json)


def _decide(
    this: Call, source: str | None, decide: Callable[[Approvals, Approver], Awaitable[Shown]], *, as_json: bool
) -> None:
    async def work(house: House) -> Shown:
        caller = holder(house, source)
        who = Approver(principal=caller.principal, roles=caller.key.roles, projects=frozenset({caller.project.id}))
        return await decide(house.approvals, who)

    shown = in_house(this, work)
    answer_json(row_of(shown)) if as_json else answer_fields(_told(shown))


def _told(shown: Shown) -> dict[str, Any]:
    """Write a request for people, who want its money in one piece."""
    row = row_of(shown)
    micros, currency = row["amount_micros"], row.pop("currency")
    row["amount_micros"] = None if micros is None else f"{amounts.show(micros, Unit.MONEY)} {currency or ''}".rstrip()
    return {name.removesuffix("_micros"): value for name, value in row.items()}
