"""The reference page of every command, made from the commands themselves.

`docs/reference/cli.md` is this function's answer; a test keeps it current.
"""

from collections.abc import Iterator

import rich_click as click

from gateway.cli.exits import MEANING
from gateway.cli.root import gateway

_INTRODUCTION = """# Command line

Results go to stdout, everything else to stderr. Where a script wants it, `--json` answers in JSON. This page is made
from `gateway/cli` by `make docs`.

## Exit status

| Status | Meaning |
|---|---|
"""


def page() -> str:
    """Write the page."""
    statuses = "".join(f"| {status.value} | {meaning} |\n" for status, meaning in MEANING.items())
    return _INTRODUCTION + statuses + "".join(_section(command, context) for command, context in walk())


def walk() -> Iterator[tuple[click.Command, click.Context]]:
    """Give every command with its context, whose path is what a person types, such as `gateway keys new`."""
    return _below(gateway, click.Context(gateway, info_name="gateway"))


def _below(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, f"{name} is listed, so it is there"
            yield from _below(inner, click.Context(inner, parent=context, info_name=name))


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    return f"\n## `{usage}`\n\n{_paragraphs(command.help)}\n{_parameters(command, context)}"


def _parameters(command: click.Command, context: click.Context) -> str:
    records = [parameter.get_help_record(context) for parameter in command.params]
    rows = [f"| `{_cell(name)}` | {_cell(text)} |\n" for name, text in filter(None, records)]
    return "".join(["\n| Option | What it does |\n|---|---|\n", *rows]) if rows else ""


def _paragraphs(text: str | None) -> str:
    paragraphs = (text or "").replace("\b", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph.strip())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
