"""`gateway audit`: read the ledger, take it away, and prove it. Only `verify` proves anything."""

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from gateway.audit import check
from gateway.audit.export import export as pages_of
from gateway.audit.verify import ExpectedHead, Report
from gateway.audit.verify import verify as verify_lines
from gateway.casework.inspection import Entry
from gateway.cli import entries
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.wiring import House

_READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.group()
def audit() -> None:
    """The ledger: prove it, read it, take it away."""


@audit.command()
@click.argument("bundle", type=_READABLE, required=False)
@click.option("--size", type=click.IntRange(0), help="With --root: what you noted down earlier must still hold.")
@click.option("--root", help="Merkle root, hexadecimal, that the ledger had at --size.")
@click.option("--fast", is_flag=True, help="Check hashes and links, not that every leaf is canonical JSON.")
@json_option
@call
def verify(
    this: Call, /, *, bundle: Path | None, size: int | None, root: str | None, fast: bool, as_json: bool
) -> Exit:
    """Verify the ledger: every hash, every link, the Merkle root. With BUNDLE, an export, offline.

    Exits 0 when everything holds, 1 when something does not, and 2 when the bundle cannot be read. Findings go
    to stdout, one per line, in ledger order. A history that was rewritten whole shows only against a size and
    root from elsewhere: note them down, and give them again with --size and --root.
    """
    if (size is None) != (root is None):
        raise click.UsageError("--size and --root belong together")
    head = ExpectedHead(size=size, root=root) if size is not None and root is not None else None
    if bundle is None:
        report = in_house(this, lambda house: check.whole(house.database, expected_head=head, strict=not fast))
    else:
        with bundle.open("rb") as lines:
            report = verify_lines(lines, expected_head=head, strict=not fast)
    _tell(report, as_json=as_json)
    return Exit.DONE if report.ok else Exit.NO


@audit.command()
@click.argument("seq", type=click.IntRange(0), required=False)
@click.option("--since", type=click.IntRange(0), help="From this entry on, oldest first; else the newest.")
@click.option("--type", "type_", help="Only entries of this type, such as job.denied.")
@click.option("--project", help="Only this project's.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many.")
@json_option
@call
def show(
    this: Call,
    /,
    *,
    seq: int | None,
    since: int | None,
    type_: str | None,
    project: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show entries for people to read, or the one entry SEQ whole. A selection proves nothing: see verify."""

    async def work(house: House) -> list[Entry]:
        if seq is not None:
            return [await house.inspection.entry(seq)]
        only = (await house.administration.projects.named(project)).id if project else None
        return await house.inspection.entries(since=since, limit=limit, project_id=only, type_=type_)

    found = in_house(this, work)
    if seq is not None:
        answer_json(asdict(found[0]))
    elif as_json:
        answer_json([asdict(entry) for entry in found])
    else:
        answer_table([entries.row(entry) for entry in found], entries.COLUMNS)


@audit.command()
@click.option("--output", type=_NEW_FILE, help="File to write; else stdout.")
@call
def export(this: Call, /, *, output: Path | None) -> None:
    """Write the whole ledger as JSON lines that anyone can verify without this gateway.

    The first line names the ledger, its size and its Merkle root; every further line is one entry.
    """

    async def work(house: House) -> int:
        count = -1  # the header is no entry
        with click.open_file(str(output or "-"), "wb") as stream:
            async for page in pages_of(house.database):
                count += len(page)
                stream.writelines(page)
        return count

    say(f"{in_house(this, work)} entries written")


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        answer_json({"ok": report.ok, **asdict(report)})
        return
    for finding in report.findings:
        click.echo(f"{finding.code}: {finding.sentence}")
    verdict = "holds" if report.ok else f"does not hold, {len(report.findings)} findings"
    say(f"the ledger {verdict}: {report.entries} entries, Merkle root {report.root}")
