"""`gateway policy leaks`: what the rules about texts find in a file."""

import asyncio
from pathlib import Path
from typing import BinaryIO

import rich_click as click

from gateway.casework.leaks import look_through
from gateway.circuits.sandbox import SandboxLimits
from gateway.cli.candidates import read_directory
from gateway.cli.exits import Exit
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.policy.bundle import default_root, load


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--of",
    "directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Directory of policies whose `org/dlp/data.json` is tried; else what is installed.",
)
@json_option
@call
def leaks(this: Call, /, *, file: BinaryIO, directory: Path | None, as_json: bool) -> Exit:
    """Say what the rules of `org/dlp` find in FILE, JSON or any text; - is stdin. Nothing that they find is shown.

    Exits 0 when nothing is found and 1 when something is.
    """
    policy = this.settings.policy
    bundle = load(policy.directory or default_root(), policy.overrides)
    if directory is not None:
        bundle = read_directory(directory, policy)
    limits = SandboxLimits(**this.settings.sandbox.model_dump())
    try:
        found = asyncio.run(look_through(file.read(), bundle.leak_rules, limits))
    except ValueError as error:
        raise click.UsageError(f"the file cannot be looked through: {error}") from None
    rows = [{"rule": rule.id, "found": n, "what": rule.says, "action": rule.action.value} for rule, n in found]
    answer_json(rows) if as_json else answer_table(rows, ["rule", "found", "what", "action"])
    say(f"{len(found)} of {len(bundle.leak_rules.rules)} rules found something")
    return Exit.NO if found else Exit.DONE
