"""`gateway`: the group that loads each command only when it is called, and the one place where errors end."""

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

import rich_click as click

from gateway.cli.exits import Exit, of
from gateway.cli.invocation import Call
from gateway.cli.output import say
from gateway.domain.errors import GatewayError
from gateway.settings import SettingsError
from gateway.telemetry import logging

COMMANDS: Final[Mapping[str, str]] = {
    "init": "gateway.cli.begin",
    "serve": "gateway.cli.begin",
    "doctor": "gateway.cli.doctor",
    "principals": "gateway.cli.principals",
    "projects": "gateway.cli.projects",
    "keys": "gateway.cli.keys",
    "env": "gateway.cli.environment",
    "vendors": "gateway.cli.vendors",
    "halt": "gateway.cli.halt",
    "labels": "gateway.cli.labels",
    "budgets": "gateway.cli.budgets",
    "spend": "gateway.cli.spend",
    "invoices": "gateway.cli.invoices",
    "plan": "gateway.cli.plan",
    "jobs": "gateway.cli.jobs",
    "replay": "gateway.cli.replay",
    "approvals": "gateway.cli.approvals",
    "audit": "gateway.cli.audit",
    "retention": "gateway.cli.retention",
    "erase": "gateway.cli.erase",
    "evidence": "gateway.cli.evidence",
    "console": "gateway.cli.console",
    "witness": "gateway.cli.witness",
    "policy": "gateway.cli.policy",
}
"""Each command and the module that holds it, in the order in which a newcomer needs them."""


class _Lazily(click.RichGroup):
    """Loads a command's module when it is called: the supervisor of `serve` must stay small."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name)
        return command


@click.group(cls=_Lazily, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with the settings; else `GATEWAY_CONFIG`.")
@click.version_option(version("quantum-governance-gateway"), prog_name="gateway")
@click.pass_context
def gateway(context: click.Context, config: Path | None) -> None:
    """Govern what is sent to quantum computers: judge it, seal it, record it, and only then forward it.

    Begin with `gateway init`, then `gateway serve`; `gateway doctor` says what is missing.
    """
    logging.configure(json=False, level="error")
    context.obj = Call(config)


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit status; errors of people become one line on stderr."""
    try:
        return int(gateway.main(list(arguments), prog_name="gateway", standalone_mode=False) or Exit.DONE)
    except (GatewayError, click.ClickException) as error:
        lines, status = _told(error)
    except (click.Abort, KeyboardInterrupt):
        lines, status = (), Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; without this the interpreter complains while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        lines, status = (), Exit.DONE
    except Exception:  # noqa: BLE001  # the outermost frame: everything unforeseen is a defect and says so
        traceback.print_exc()
        lines, status = (
            ("gateway: this is a defect of the gateway; please report it with the trace above",),
            Exit.DEFECT,
        )
    for line in lines:
        say(line)
    return status


def _told(error: GatewayError | click.ClickException) -> tuple[Sequence[str], Exit]:
    if isinstance(error, SettingsError):
        return [f"gateway: {problem}" for problem in error.problems], Exit.USAGE
    if isinstance(error, GatewayError):
        return [f"gateway: {error.message}"], of(error)
    context = error.ctx if isinstance(error, click.UsageError) else None
    where = context.command_path if context else "gateway"
    told = error.format_message().rstrip(".")
    return [f"{where}: {told} (see {where} --help)"], Exit.USAGE


def main() -> None:
    """Be the program `gateway`."""
    sys.exit(run(sys.argv[1:]))
