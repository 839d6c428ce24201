"""`gateway erase`: take what belongs to a job, a principal or a project away for good, from backups too."""

from pathlib import Path

import rich_click as click

from gateway.casework.erasure import Plan
from gateway.casework.quorum import Action
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_fields, answer_json, answer_table, json_option, say
from gateway.store.erasures import Order, Scope
from gateway.wiring import House

_COLUMNS = ("id", "scope", "target", "ordered", "done")
_SCOPES = tuple(each.value for each in (Scope.JOB, Scope.PRINCIPAL, Scope.PROJECT))


@click.group()
def erase() -> None:
    """Erase for good: shown first, recorded with its reason, and real in every copy of the database."""


@erase.command("plan")
@click.argument("scope", type=click.Choice(_SCOPES))
@click.argument("name")
@json_option
@call
def plan_(this: Call, /, *, scope: str, name: str, as_json: bool) -> Exit:
    """Say what erasing a job, a principal or a project would take away; nothing is changed.

    Exits 1 when something stands against it: a legal hold, or jobs that have not ended.
    """
    plan = in_house(this, lambda house: house.keeping.erasure.plan(Scope(scope), name))
    _show(plan, as_json=as_json)
    return Exit.NO if plan.hold or plan.jobs_under_way else Exit.DONE


@erase.command("now")
@click.argument("scope", type=click.Choice(_SCOPES))
@click.argument("name")
@click.option("--reason", required=True, help="Why, without anybody's name; it stands in the ledger for good.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@call
def now_(this: Call, /, *, scope: str, name: str, reason: str, yes: bool) -> Exit:
    """Erase what belongs to a job, a principal or a project. Nobody can bring it back.

    Where policy or `ledger.witnesses_required` asks for witnesses, it is done as soon as they have seen the order: exit
    status 3 says that it waits, and a running gateway does it by itself.
    """
    if not yes:
        _show(in_house(this, lambda house: house.keeping.erasure.plan(Scope(scope), name)), as_json=False)
        click.confirm("Erase this for good?", abort=True, err=True)
    waiting = in_house(this, lambda house: house.keeping.erasure.order(Scope(scope), name, reason=reason))
    return _told(waiting)


@erase.command()
@call
def resume(this: Call) -> Exit:
    """Carry out what was ordered and is not done: after a crash, or once witnesses have seen it."""
    return _told(in_house(this, lambda house: house.keeping.disposal.carry_out()))


@erase.command("list")
@json_option
@call
def list_(this: Call, /, *, as_json: bool) -> None:
    """List what was ordered to be erased or pruned, and when it was done."""
    rows = [_row(each) for each in in_house(this, lambda house: house.keeping.disposal.every())]
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


@erase.command()
@click.argument("place", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@call
def copy(this: Call, /, *, place: Path) -> None:
    """Write the erasure key as it is now to PLACE, over any older copy there.

    Without the erasure key nothing sealed opens. A copy from before an erasure still opens what was erased: write it
    anew after each, and keep it where you keep the master key's, never with a backup of the database. The ledger tells
    of it. Where policy demands witnesses for it, it is announced first: exit status 3 says that it waits for them.
    """
    here = place.absolute()

    async def work(house: House) -> None:
        await house.quorum.take(Action.KEY_COPY, "erasure.key")
        house.vault.locks.copy(here)

    in_house(this, work)
    say(f"the erasure key is copied to {place}; destroy every older copy")


def _told(waiting: list[Order]) -> Exit:
    for order in waiting:
        say(f"order {order.id} ({order.scope.value}) waits until witnesses have seen it; see gateway erase list")
    if waiting:
        return Exit.UNAVAILABLE
    say("done; now write spare copies of the erasure key anew: gateway erase copy PLACE")
    return Exit.DONE


def _show(plan: Plan, *, as_json: bool) -> None:
    told = {
        "scope": plan.scope.value,
        "name": plan.name,
        "id": plan.target,
        "sealed_objects": plan.objects,
        "keys_revoked": plan.keys,
        "jobs_under_way": plan.jobs_under_way,
        "legal_hold": plan.hold.id if plan.hold else None,
    }
    answer_json(told) if as_json else answer_fields(told)


def _row(order: Order) -> dict[str, object]:
    target = order.target or f"entries before {order.stop}"
    return {
        "id": order.id,
        "scope": order.scope.value,
        "target": target,
        "ordered": order.at,
        "done": order.done_at,
    }
