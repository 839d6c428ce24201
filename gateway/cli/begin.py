"""`gateway init` and `gateway serve`: how a deployment begins, and how it runs."""

import asyncio

import rich_click as click

from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, json_option, say
from gateway.telemetry import logging


@click.command()
@json_option
@call
def init(this: Call, /, *, as_json: bool) -> None:
    """Make a new deployment: state directory, master key, database, ledger, first administrator's key.

    The key goes to stdout, once; nothing keeps its text. Exits 1 when there is a deployment already, which is
    left untouched.
    """
    from gateway import wiring

    first = asyncio.run(wiring.initialise(this.settings))
    text = first.text.reveal().decode()
    if as_json:
        answer_json({"key": text, "key_id": first.key.id, "principal": "admin", "project": "default"})
        return
    say(f"made a deployment in {this.settings.state_dir}")
    say(f"keep a copy of {this.settings.master_key_file} elsewhere: without it nothing sealed can be opened")
    say(f"and one of {this.settings.erasure_key_file}, written anew after each erasure: gateway erase copy PLACE")
    say("this administrator's key is shown now and never again:")
    click.echo(text)


@click.command()
@call
def serve(this: Call) -> int:
    """Serve until told to stop (SIGTERM, SIGINT).

    Exits 0 after an orderly stop and 2 when the configuration is refused.
    """
    # Nothing else is loaded here: the supervisor stays small, so that little can kill it.
    from gateway.workers import supervisor

    logging.configure(json=this.settings.log.format == "json", level=this.settings.log.level)
    return supervisor.run(this.settings, arguments=this.arguments)
