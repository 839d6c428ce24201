"""`gateway projects`: what work is charged to, and the terms it is judged under."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import rich_click as click

from gateway.casework.projects import Terms
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option
from gateway.domain.classification import Classification
from gateway.domain.principal import Project, WorkloadClass
from gateway.wiring import House

Command = TypeVar("Command", bound=Callable[..., Any])

_COLUMNS = ("name", "team", "classification", "workload", "simulator", "backends", "id")
_TERMS = (
    click.option("--team", help="Who is responsible; free text."),
    click.option(
        "--classification",
        "classification_floor",
        type=click.Choice([label.value for label in Classification]),
        help="No job of the project is less sensitive than this. New projects: internal.",
    ),
    click.option(
        "--workload",
        "workload_class",
        type=click.Choice([kind.value for kind in WorkloadClass]),
        help="How much results matter; policy is stricter for production. New projects: experimental.",
    ),
    click.option(
        "--simulator/--no-simulator",
        "simulator_consent",
        default=None,
        help="Whether a job meant for hardware may be answered by a simulator. New projects: no.",
    ),
    click.option(
        "--backend", "backends", multiple=True, help="Allow only backends like this (sim_*); may be repeated."
    ),
    click.option("--any-backend", is_flag=True, help="Leave the choice of backends to the roles of keys."),
)


def _terms(command: Command) -> Command:
    for option in reversed(_TERMS):
        command = option(command)
    return command


@click.group()
def projects() -> None:
    """What work is charged to and judged under: new ones, all of them, changes."""


@projects.command()
@click.argument("name")
@_terms
@json_option
@call
def new(this: Call, /, *, name: str, as_json: bool, **terms: Any) -> None:
    """Make a new project called NAME."""
    wanted = replace(Terms(), **_given(terms))
    _answer(
        [in_house(this, lambda house: house.administration.projects.create(name=name, terms=wanted))], as_json=as_json
    )


@projects.command("list")
@json_option
@call
def list_(this: Call, /, *, as_json: bool) -> None:
    """List all projects with their terms."""
    _answer(in_house(this, lambda house: house.administration.projects.every()), as_json=as_json)


@projects.command()
@click.argument("name")
@_terms
@json_option
@call
def change(this: Call, /, *, name: str, as_json: bool, **terms: Any) -> None:
    """Judge later work of the project NAME under other terms; what is not named stays."""
    given = _given(terms)

    async def work(house: House) -> Project:
        known = await house.administration.projects.named(name)
        wanted = replace(Terms.of(known), **given)
        return await house.administration.projects.change(name, wanted)

    _answer([in_house(this, work)], as_json=as_json)


def _given(terms: Mapping[str, Any]) -> dict[str, Any]:
    given = {
        name: value for name, value in terms.items() if value is not None and name not in {"backends", "any_backend"}
    }
    if terms["backends"] and terms["any_backend"]:
        raise click.UsageError("--backend and --any-backend contradict each other")
    if terms["backends"] or terms["any_backend"]:
        given["backends"] = tuple(terms["backends"]) or None
    if "classification_floor" in given:
        given["classification_floor"] = Classification(given["classification_floor"])
    if "workload_class" in given:
        given["workload_class"] = WorkloadClass(given["workload_class"])
    return given


def _answer(rows: list[Project], *, as_json: bool) -> None:
    told = [_row(row) for row in rows]
    answer_json(told) if as_json else answer_table(told, _COLUMNS)


def _row(project: Project) -> Mapping[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "team": project.team,
        "classification": project.classification_floor.value,
        "workload": project.workload_class.value,
        "simulator": project.simulator_consent,
        "backends": project.backends,
        "created": project.created_at,
    }
