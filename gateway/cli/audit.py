"""`gateway audit`: read the ledger, take it away, and prove it. Only `verify` proves anything."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rich_click as click

from gateway.audit.export import export as pages_of
from gateway.audit.log_keys import KeyPair
from gateway.audit.verify import ExpectedHead, Report
from gateway.audit.witnessed import note_line
from gateway.casework.formats import Form
from gateway.casework.inspection import Entry
from gateway.casework.names import checked_reason
from gateway.casework.quorum import Action
from gateway.casework.revisions import Asked
from gateway.cli import entries, proving, search
from gateway.cli.exits import Exit
from gateway.cli.fsck import fsck
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.lineage import lineage
from gateway.cli.output import answer_json, answer_table, json_option, say
from gateway.cli.proving import Given
from gateway.domain.search import Filter
from gateway.wiring import House

_READ_BYTES = 1 << 20
"""Read from a file at a time; the usual 8 KiB take a tenth of a verification."""
_READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_LEDGER = "ledger"
_NEW_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.group()
def audit() -> None:
    """The ledger: prove it, read it, take it away."""


audit.add_command(fsck)
audit.add_command(lineage)
for searching in (search.search, search.tail, search.exports, search.reindex):
    audit.add_command(searching)


@audit.command()
@click.argument("bundle", type=_READABLE, required=False)
@click.option("--size", type=click.IntRange(0), help="With --root: what you noted down earlier must still hold.")
@click.option("--root", help="Merkle root, hexadecimal, that the ledger had at --size.")
@click.option("--fast", is_flag=True, help="Check hashes and links, not that every leaf is canonical JSON.")
@click.option("--policy", type=_READABLE, help="Whose signatures count, from another source than BUNDLE.")
@click.option("--checkpoints", type=_READABLE, help="The ledger's own, as `export --checkpoints` wrote them.")
@click.option("--known", type=_READABLE, multiple=True, help="A checkpoint from a witness, or that you kept yourself.")
@click.option("--within", type=click.IntRange(1), help="Witnesses must have seen it so many seconds ago or less.")
@click.option("--keeps", type=click.IntRange(0), default=0, help="Entries must have been kept whole for so many days.")
@json_option
@call
def verify(
    this: Call,
    /,
    *,
    bundle: Path | None,
    size: int | None,
    root: str | None,
    fast: bool,
    as_json: bool,
    **outside: Any,
) -> Exit:
    """Verify the ledger: every hash, every link, the Merkle root. With BUNDLE, an export, offline.

    Exits 0 when everything holds, 1 when something does not, and 2 when the bundle cannot be read. Findings go
    to stdout, one per line, in ledger order. A history that was rewritten whole, or whose newest entries were cut
    off, shows only against what somebody else holds: the checkpoint of a witness (--policy with --known), or a size
    and root that you noted down (--size with --root).
    """
    if (size is None) != (root is None):
        raise click.UsageError("--size and --root belong together")
    head = ExpectedHead(size=size, root=root) if size is not None and root is not None else None
    given = Given.read(**outside)
    if bundle is None:
        report = in_house(this, lambda house: proving.stored(house, given, expected_head=head, strict=not fast))
    else:
        with bundle.open("rb", buffering=_READ_BYTES) as lines:
            report = given.verify(lines, expected_head=head, strict=not fast)
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
    """Show entries for people to read, or the one entry SEQ whole. A selection proves nothing: see verify.

    Every entry, those of the self-test among them: `gateway audit search` leaves them out.
    """

    async def work(house: House) -> tuple[list[Entry], Mapping[str, Asked]]:
        if seq is not None:
            found = [await house.inspection.entry(seq)]
        else:
            only = (await house.administration.projects.named(project)).id if project else None
            found = await house.inspection.entries(since=since, limit=limit, project_id=only, type_=type_)
        answering = any("request" in entry.body for entry in found)
        return found, await house.revisions.requests() if answering else {}

    found, asked = in_house(this, work)
    if seq is not None:
        answer_json(asdict(found[0]))
        if told := entries.asked_for(found[0], asked):
            say(told)
    elif as_json:
        answer_json([asdict(entry) for entry in found])
    else:
        answer_table([entries.row(entry, asked) for entry in found], entries.COLUMNS)


@audit.command()
@click.option("--output", type=_NEW_FILE, help="File to write; else stdout.")
@click.option("--checkpoints", type=_NEW_FILE, help="File for the signed checkpoints, with one of what is exported.")
@click.option(
    "--format",
    "form",
    type=click.Choice([_LEDGER, *(each.value for each in Form)]),
    default=_LEDGER,
    show_default=True,
    help="`ledger` is all of it, to be verified; the others take a filter.",
)
@search.filter_options
@call
def export(this: Call, /, *, output: Path | None, checkpoints: Path | None, form: str, **options: Any) -> None:
    """Write the whole ledger as JSON lines that anyone can verify without this gateway, or a selection for programs.

    In format `ledger` the first line names the ledger, its size and its Merkle root; every further line is one entry.
    """
    asked = search.filter_of(options)
    if form != _LEDGER:
        if checkpoints is not None:
            raise click.UsageError("--checkpoints belong to the whole ledger: leave --format out")
        say(f"{in_house(this, lambda house: search.write_selection(house, asked, Form(form), output))} bytes written")
        return
    if asked != Filter():
        raise click.UsageError("the whole ledger has no filter: choose another --format")

    async def work(house: House) -> int:
        if checkpoints is not None:
            with checkpoints.open("wb") as notes:
                notes.writelines([note_line(note.decode()) async for note in proving.checkpoints(house, sign=True)])
        count = -1  # the header is no entry
        with click.open_file(str(output or "-"), "wb") as stream:
            async for page in pages_of(house.database):
                count += len(page)
                stream.writelines(page)
        return count

    say(f"{in_house(this, work)} entries written")


@audit.command()
@call
def policy(this: Call) -> None:
    """Print whose signatures count for this ledger: its keys, its witnesses and how many of them (C2SP tlog-policy).

    For auditors and witnesses, who should compare it with one that they got another way.
    """
    click.echo(in_house(this, lambda house: house.proving.policy()), nl=False)


@audit.command("rotate-key")
@click.confirmation_option(prompt="Sign checkpoints with a new pair of keys from now on?")
@call
def rotate_key(this: Call) -> None:
    """Replace the keys that sign checkpoints; the ledger tells of it, signed by the old and the new pair.

    The old pair signs beside the new one for 30 days: give witnesses and auditors `gateway audit policy` meanwhile.
    Where policy demands witnesses for it, it is announced first: exit status 3 says that it waits for them.
    """

    async def work(house: House) -> KeyPair:
        await house.quorum.take(Action.LOG_KEYS, "checkpoints")
        return await house.checkpoints.keyring.rotate()

    pair = in_house(this, work)
    say(f"checkpoints are signed by generation {pair.generation} from now on")
    for key in pair.keys:
        click.echo(str(key))


@audit.command()
@click.option("--reason", required=True, help="What happened; it stands in the ledger for good.")
@click.confirmation_option(prompt="Entries that were signed are lost for good, and you go on without them?")
@call
def restored(this: Call, /, *, reason: str) -> None:
    """Go on with a database from a backup, whose newest entries are lost, after a start was refused for that.

    The ledger then names the checkpoint that it does not continue. Everybody who kept that one still sees the loss, and
    witnesses refuse until their operators forgive it. See docs/runbooks/checkpoint-refused.md.
    """
    told = checked_reason(reason)
    lost = in_house(this, lambda house: house.checkpoints.restore(told))
    say(f"the ledger says now that it does not continue the checkpoint of {lost.size} entries")


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        answer_json({"ok": report.ok, **asdict(report)})
        return
    for finding in report.findings:
        click.echo(f"{finding.code}: {finding.sentence}")
    verdict = "holds" if report.ok else f"does not hold, {len(report.findings)} findings"
    say(f"the ledger {verdict}: {report.entries} entries, Merkle root {report.root}")
    if report.pruned:
        say(f"{report.pruned} of them are pruned: their hashes are proven, what they told is gone")
    if (seen := report.witnessed) is not None and seen.witnesses:
        at = datetime.fromtimestamp(seen.at, tz=UTC)
        say(f"{', '.join(seen.witnesses)} saw the first {seen.size} of them at {at:%Y-%m-%d %H:%M:%S}Z")
    elif report.checkpoints:
        say("no witness saw any of them: whoever holds the ledger's keys could have written all of it anew")
