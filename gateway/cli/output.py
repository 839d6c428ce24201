"""How commands answer: results on stdout, everything else on stderr; text for people, JSON for scripts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any

import rich_click as click

from gateway.domain.clock import rfc3339

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for scripts.")

synthetic_option = click.option(
    "--synthetic", is_flag=True, help="The self-test's own work, too; else only where its project is named."
)


def say(text: str) -> None:
    """Tell the person something that is no result."""
    click.echo(text, err=True)


def counted(count: int, noun: str, several: str = "") -> str:
    """Say how many there are, as people do."""
    return f"{count} {noun if count == 1 else several or f'{noun}s'}"


def answer_json(value: Any) -> None:
    """Write a result as JSON; moments become RFC 3339."""
    click.echo(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def answer_line(value: Any) -> None:
    """Write one of many results as a line of JSON."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False))


def answer_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write results as aligned columns, never cut off and without colour, so that `grep` and `awk` work."""
    lines = [list(columns), *([_cell(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def answer_fields(fields: Mapping[str, Any]) -> None:
    """Write one result, a field a line."""
    width = max(map(len, fields))
    for name, value in fields.items():
        click.echo(f"{name.ljust(width)}  {_cell(value)}")


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value)) or "-"
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
