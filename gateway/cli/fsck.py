"""`gateway audit fsck`: everything that is stored against everything else."""

from dataclasses import asdict

import rich_click as click

from gateway.casework.fsck.finding import Damage
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, json_option, say
from gateway.wiring import House


@click.command()
@json_option
@call
def fsck(this: Call, /, *, as_json: bool) -> Exit:
    """Check ledger, tiles, checkpoints, witnesses, vault, jobs, books and index against each other; changes nothing.

    Findings go to stdout, one per line: code, where, and what it means. Exits 0 when there is none, else 1. What to do
    about each is in docs/runbooks/fsck.md.
    """

    async def work(house: House) -> list[Damage]:
        found = []
        async for each in house.keeping.fsck.check():
            found.append(each)
            if not as_json:
                click.echo(f"{each.code}: {each.where}: {each.sentence}")
        return found

    found = in_house(this, work)
    if as_json:
        answer_json([asdict(each) for each in found])
    say(f"{len(found)} findings" if found else "everything agrees")
    return Exit.NO if found else Exit.DONE
