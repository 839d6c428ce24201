"""`gateway principals`: the people and programs that may ask."""

from collections.abc import Mapping
from typing import Any

import rich_click as click

from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.domain.principal import Principal, PrincipalKind

_KINDS = click.Choice([kind.value for kind in PrincipalKind])
_COLUMNS = ("name", "kind", "disabled", "created", "id")


@click.group()
def principals() -> None:
    """People and services: new ones, all of them, changes."""


@principals.command()
@click.argument("name")
@click.option("--kind", type=_KINDS, default="person", show_default=True, help="A person, or a program.")
@json_option
@call
def new(this: Call, /, *, name: str, kind: str, as_json: bool) -> None:
    """Make a new principal called NAME."""
    made = in_house(this, lambda house: house.administration.principals.create(name=name, kind=PrincipalKind(kind)))
    _answer([made], as_json=as_json)


@principals.command("list")
@json_option
@call
def list_(this: Call, /, *, as_json: bool) -> None:
    """List all principals."""
    _answer(in_house(this, lambda house: house.administration.principals.every()), as_json=as_json)


@principals.command()
@click.argument("name")
@click.option(
    "--disable/--enable", "disabled", required=True, default=None, help="Stop all its keys, or let them work."
)
@json_option
@call
def change(this: Call, /, *, name: str, disabled: bool, as_json: bool) -> None:
    """Disable the principal NAME, which stops all its keys within a second, or enable it again."""
    changed = in_house(this, lambda house: house.administration.principals.change(name, disabled=disabled))
    _answer([changed], as_json=as_json)
    say(f"{changed.name} is {'disabled' if changed.disabled else 'enabled'}")


def _answer(rows: list[Principal], *, as_json: bool) -> None:
    if as_json:
        answer_json([_row(row) for row in rows])
    else:
        answer_table([_row(row) for row in rows], _COLUMNS)


def _row(principal: Principal) -> Mapping[str, Any]:
    return {
        "id": principal.id,
        "name": principal.name,
        "kind": principal.kind.value,
        "disabled": principal.disabled,
        "created": principal.created_at,
    }
