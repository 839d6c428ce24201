"""`gateway vendors`: our accounts at vendors. Their secrets go in here and never come out again."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import rich_click as click

from gateway.casework.forms import Form
from gateway.casework.vendors import NewAccount
from gateway.cli.house import in_house, names
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.cli.unseen import read_secrets, secrets_option
from gateway.ports.vendor import BackendReport
from gateway.store.accounts import StoredAccount
from gateway.vendors.http import VendorSession
from gateway.wiring import House
from gateway.wiring.vendors import vendor_settings

_COLUMNS = ("name", "vendor", "project", "attributes", "version", "state", "created", "id")
_BACKENDS = ("backend", "online", "qubits", "queue", "message")


@click.group()
def vendors() -> None:
    """Accounts at vendors: new ones, all of them, rotation, removal, a test."""


@vendors.command()
@click.argument("vendor")
@click.option("--name", required=True, help="What it is called here; never used again for another.")
@click.option("--project", help="The only project that may use it; else every project without one of its own.")
@click.option("--attribute", "attributes", multiple=True, metavar="K=V", help="Such as crn=… or region=…; repeated.")
@secrets_option
@json_option
@call
def add(  # one parameter for each option
    this: Call,
    /,
    *,
    vendor: str,
    name: str,
    project: str | None,
    attributes: tuple[str, ...],
    source: str | None,
    as_json: bool,
) -> None:
    """Seal a credential for VENDOR (such as ionq), so that jobs may go there.

    Secrets are asked for unseen, or read from --secrets or a pipe; they are never an argument and never shown
    again. Of several accounts of one project, new jobs go through the newest.
    """
    new = NewAccount(vendor=vendor, name=name, project=project, attributes=_attributes(attributes))

    async def form(house: House) -> Form:
        await house.administration.vendors.draft(new)
        return house.administration.vendors.form(vendor)

    secrets = read_secrets(in_house(this, form).secrets, source)
    added = _told(this, lambda house: house.administration.vendors.add(new, secrets))
    _answer(added, as_json=as_json)
    say(f"the credential is sealed; try it: gateway vendors test {name}")


@vendors.command("list")
@click.option("--vendor", help="Only those at this one.")
@click.option("--project", help="Only those of this one alone.")
@click.option("--removed", is_flag=True, help="Also those whose credential was erased.")
@json_option
@call
def list_(this: Call, /, *, vendor: str | None, project: str | None, removed: bool, as_json: bool) -> None:
    """List accounts, oldest first; no secret is shown."""

    async def work(house: House) -> list[StoredAccount]:
        known = await house.administration.vendors.every(vendor=vendor, project=project)
        return [each for each in known if removed or each.removed_at is None]

    _answer(_told(this, work), as_json=as_json)


@vendors.command()
@click.argument("name")
@secrets_option
@json_option
@call
def rotate(this: Call, /, *, name: str, source: str | None, as_json: bool) -> None:
    """Replace the credential of the account NAME; the old one is erased at once.

    Jobs under way go on with the new one. Rotate here first, and only then end the old credential at the vendor.
    """

    async def form(house: House) -> Form:
        known = await house.administration.vendors.named(name)
        return house.administration.vendors.form(known.account.vendor)

    secrets = read_secrets(in_house(this, form).secrets, source)
    _answer(_told(this, lambda house: house.administration.vendors.rotate(name, secrets)), as_json=as_json)
    say(f"the old credential is erased; try the new one: gateway vendors test {name}")


@vendors.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Even if jobs under way need it; nobody learns what becomes of them.")
@json_option
@call
def remove(this: Call, /, *, name: str, force: bool, as_json: bool) -> None:
    """Erase the credential of the account NAME for good; its name stays taken.

    Exits 1 when jobs under way need it and --force is not given.
    """
    _answer(_told(this, lambda house: house.administration.vendors.remove(name, force=force)), as_json=as_json)
    say("the credential is erased here; end it at the vendor, too")


@vendors.command()
@click.argument("name")
@json_option
@call
def test(this: Call, /, *, name: str, as_json: bool) -> None:
    """Ask the vendor of the account NAME for its newest jobs, which proves the credential, and for its backends.

    Nothing is submitted. Exits 0 when the vendor listed them, 1 when it refused, and 3 when it cannot be reached.
    Whatever it says, the use of the credential is recorded.
    """
    rows = [_row_of_backend(each) for each in in_house(this, lambda house: _tried(house, name))]
    answer_json(rows) if as_json else answer_table(rows, _BACKENDS)


async def _tried(house: House, name: str) -> Sequence[BackendReport]:
    account = (await house.administration.vendors.named(name)).account
    make = house.administration.vendors.adapter(account.vendor).vendor
    assert make is not None, "an account is added for vendors only"
    chosen = vendor_settings(house.settings, house.adapters)[account.vendor]
    session = VendorSession(account.vendor, chosen.http)
    try:
        return await house.administration.trials.backends(
            account, vendor=make(house.options[account.vendor]), send=session.send
        )
    finally:
        await session.close()


def _attributes(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if any(not key or not equals for key, equals, _ in pairs):
        raise click.UsageError("--attribute takes KEY=VALUE, such as region=us-east-1")
    if len({key for key, _, _ in pairs}) < len(pairs):
        raise click.UsageError("--attribute names the same key twice")
    return {key: value for key, _, value in pairs}


def _told(
    this: Call, work: Callable[[House], Awaitable[StoredAccount | list[StoredAccount]]]
) -> list[Mapping[str, Any]]:
    """Do one piece of work in the house, and show the accounts that came of it with their projects' names."""

    async def within(house: House) -> list[Mapping[str, Any]]:
        done = await work(house)
        _, projects = await names(house)
        return [_row(each, projects) for each in (done if isinstance(done, list) else [done])]

    return in_house(this, within)


def _answer(rows: list[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        answer_json(rows)
        return
    pairs = [tuple(f"{key}={value}" for key, value in row["attributes"].items()) for row in rows]
    answer_table([{**row, "attributes": pair} for row, pair in zip(rows, pairs, strict=True)], _COLUMNS)


def _row(stored: StoredAccount, projects: Mapping[str, str]) -> Mapping[str, Any]:
    account = stored.account
    return {
        "id": account.id,
        "name": account.name,
        "vendor": account.vendor,
        "project": None if account.project_id is None else projects.get(account.project_id, account.project_id),
        "attributes": account.attributes,
        "version": account.version,
        "state": "live" if stored.removed_at is None else "removed",
        "created": stored.created_at,
    }


def _row_of_backend(report: BackendReport) -> Mapping[str, Any]:
    return {
        "backend": report.backend.name,
        "online": report.status.online,
        "qubits": report.backend.qubits,
        "queue": report.status.queue_length,
        "message": report.status.message,
    }
