"""`gateway evidence`: what speaks for one job, in one file that anybody can verify without this gateway."""

from pathlib import Path

import rich_click as click

from gateway.casework.inspection import JobUnknownError
from gateway.casework.receipts import Case
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import say
from gateway.wiring import House

_NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.argument("job_id", metavar="JOB")
@click.option("--output", type=_NEW_FILE, help="File to write; else JOB.evidence.zip, here.")
@call
def evidence(this: Call, /, *, job_id: str, output: Path | None) -> None:
    """Write the evidence pack of JOB: the SDK's id or ours, or the decision's id of a submission that was refused.

    It holds entries with proofs, facts, policy, calibrations, provenance and the verifier itself; no payload and no
    result, but names of people. Without witnesses it is signed now; with them it waits for the next checkpoint that
    enough of them cosigned, which a running gateway collects (exit status 3 until then).
    """

    async def work(house: House) -> tuple[Case, bytes]:
        case = await house.evidence.receipts.find(job_id)
        if case is None:
            raise JobUnknownError(job_id)
        if not house.settings.witnesses_required:
            await house.checkpoints.start()
            await house.checkpoints.sign()
        return case, await house.evidence.pack(case)

    case, content = in_house(this, work)
    path = output or Path(f"{case.name}.evidence.zip")
    path.write_bytes(content)
    say(f"{path}: {len(content)} bytes; verify them with qgw_verify.py, from another source than the file")
