"""`gateway keys`: what principals show at the door. A key's text goes to stdout once and is kept nowhere."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import rich_click as click

from gateway.casework.keys import IssuedKey, Wish
from gateway.cli.house import in_house, names
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.domain.classification import Classification
from gateway.domain.principal import Key
from gateway.ports.dialect import SigningPair
from gateway.wiring import House

_COLUMNS = ("id", "principal", "project", "roles", "state", "expires", "label")
_SHOWN_ONCE = "this key is shown now and never again:"

Shown: TypeAlias = tuple[IssuedKey, SigningPair]
"""A new key, and what SDKs that sign take in its place."""


@click.group()
def keys() -> None:
    """Gateway keys: new ones, all of them, rotation, revocation."""


@keys.command()
@click.option("--principal", required=True, help="Whose key it is.")
@click.option("--project", required=True, help="What its work is charged to.")
@click.option("--role", "roles", multiple=True, required=True, help="What it may do; may be repeated.")
@click.option("--label", default="", help="What it is for; free text.")
@click.option("--days", type=click.IntRange(1, 3660), help="How long it is valid; else `identity.key_days`.")
@click.option(
    "--classification",
    type=click.Choice([label.value for label in Classification]),
    help="Its jobs are at least this sensitive.",
)
@click.option("--simulator/--no-simulator", "consent", default=None, help="Overrides the project's consent.")
@json_option
@call
def new(
    this: Call,
    /,
    *,
    principal: str,
    project: str,
    roles: tuple[str, ...],
    label: str,
    days: int | None,
    classification: str | None,
    consent: bool | None,
    as_json: bool,
) -> None:
    """Make a new key and show it, once."""
    wish = Wish(
        roles=roles,
        label=label,
        classification=Classification(classification) if classification else None,
        simulator_consent=consent,
        lifetime=timedelta(days=days or this.settings.identity.key_days),
    )

    async def work(house: House) -> Shown:
        issued = await house.administration.keys.new(principal=principal, project=project, wish=wish)
        return issued, house.authenticator.pair(issued.key)

    _show_once(in_house(this, work), as_json=as_json)


@keys.command("list")
@click.option("--principal", help="Only this one's.")
@click.option("--project", help="Only those charged to this one.")
@json_option
@call
def list_(this: Call, /, *, principal: str | None, project: str | None, as_json: bool) -> None:
    """List keys with their state, oldest first."""

    async def work(house: House) -> list[Mapping[str, Any]]:
        stored = await house.administration.keys.every(principal=principal, project=project)
        owners, accounts = await names(house)
        return [_row(each.key, owners, accounts) for each in stored]

    rows = in_house(this, work)
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option(
    "--overlap-hours", type=click.IntRange(0, 24 * 90), default=24, show_default=True, help="How long both work."
)
@json_option
@call
def rotate(this: Call, /, *, key_id: str, overlap_hours: int, as_json: bool) -> None:
    """Make the successor of the key ID and show it, once; the old one works on for the overlap."""
    overlap = timedelta(hours=overlap_hours)

    async def work(house: House) -> Shown:
        issued = await house.administration.keys.rotate(key_id, overlap=overlap)
        return issued, house.authenticator.pair(issued.key)

    _show_once(in_house(this, work), as_json=as_json)


@keys.command()
@click.argument("key_id", metavar="ID")
@call
def revoke(this: Call, /, *, key_id: str) -> None:
    """End the key ID and every token granted for it, within a second."""
    revoked = in_house(this, lambda house: house.administration.keys.revoke(key_id))
    say(f"key {revoked.id} is revoked")


def _show_once(shown: Shown, *, as_json: bool) -> None:
    issued, pair = shown
    text = issued.text.reveal().decode()
    if as_json:
        signing = {"access_key_id": pair.access_key_id, "secret_access_key": pair.secret.reveal().decode()}
        answer_json({"key": text, "key_id": issued.key.id, "expires_at": issued.key.expires_at, **signing})
        return
    say(f"SDKs that sign requests know it as {pair.access_key_id}; gateway env prints the secret that goes with it")
    say(f"key {issued.key.id}, valid until {issued.key.expires_at:%Y-%m-%d}; {_SHOWN_ONCE}")
    click.echo(text)


def _row(key: Key, owners: Mapping[str, str], accounts: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "id": key.id,
        "principal": owners.get(key.principal_id, key.principal_id),
        "project": accounts.get(key.project_id, key.project_id),
        "roles": key.roles,
        "state": _state(key, datetime.now(UTC)),
        "created": key.created_at,
        "expires": key.expires_at,
        "label": key.label,
    }


def _state(key: Key, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if now >= key.expires_at:
        return "expired"
    return "active" if now >= key.not_before else "not yet valid"
