"""`gateway audit lineage`: where results come from, for data catalogues."""

import json
from pathlib import Path

import rich_click as click

from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import say
from gateway.wiring import House

_NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.argument("job_id", metavar="JOB", required=False)
@click.option("--since", type=click.IntRange(0), default=0, help="From this entry on; without it from the first.")
@click.option("--output", type=_NEW_FILE, help="File to write; else stdout.")
@call
def lineage(this: Call, /, *, job_id: str | None, since: int, output: Path | None) -> None:
    """Write jobs as OpenLineage run events, one JSON line each: of the whole ledger, or of JOB alone.

    A START event for each permitted job, and COMPLETE, FAIL or ABORT for its end; denied jobs are no runs. The facet
    `qgw_ledger` of each event names its entry: give the next number as --since to go on from there.
    """

    async def work(house: House) -> int:
        count = 0
        with click.open_file(str(output or "-"), "w", encoding="utf-8") as stream:
            if job_id is not None:
                found = await house.lineage.of_job(job_id)
                stream.writelines(f"{json.dumps(event)}\n" for event in found)
                return len(found)
            async for event in house.lineage.events(since=since):
                stream.write(f"{json.dumps(event)}\n")
                count += 1
        return count

    say(f"{in_house(this, work)} events written")
