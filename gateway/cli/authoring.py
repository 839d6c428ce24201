"""`gateway policy new|diff|explain|revisions`: writing rules, and reading what they did."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec
import rich_click as click

from gateway.casework.explain import Explainer, Explanation, Reason
from gateway.casework.recorded import Recordings
from gateway.casework.revisions import Revision, short
from gateway.cli.candidates import INSTALLED, NAMED, candidate_of
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, counted, json_option, say
from gateway.domain.approval import ApprovalState
from gateway.domain.decision import Finding, Obligation
from gateway.policy.bundle import SETTINGS, Bundle, PolicyBundleError, default_root, load
from gateway.policy.difference import Difference, difference
from gateway.policy.levels import HARD
from gateway.policy.obligations import KNOWN
from gateway.policy.reference import rules
from gateway.policy.scaffold import scaffold
from gateway.wiring import House

_DIRECTORY: Final = click.Path(file_okay=False, path_type=Path)
_LOOKED_AT: Final = 8
"""Facts that are named of those a rule looked at; JSON has all of them."""


@click.command("new")
@click.argument("name", metavar="AREA/RULE")
@click.option("--into", type=_DIRECTORY, help="Directory of overrides; else `policy.overrides`.")
@click.option("--owner", default="platform-security", show_default=True, help="Who answers for the rule.")
@call
def new_rule(this: Call, /, *, name: str, into: Path | None, owner: str) -> None:
    """Write a new rule with its test and its page, as a place to begin: it passes every check as it is.

    Nothing decides by it before the gateway takes it in: see `gateway policy test`, `replay` and `reload`.
    """
    policy = this.settings.policy
    directory = into or policy.overrides
    if directory is None:
        raise click.UsageError("name a directory with --into, and set policy.overrides to it")
    called = (SETTINGS[0], SETTINGS[1] if into is None else str(into))
    bundle = load(policy.directory or default_root(), directory if directory.is_dir() else None, called=called)
    for path in scaffold(name, directory, owner=owner, taken=frozenset(rules(bundle))):
        click.echo(str(path))
    where = shlex.quote(str(directory))
    # Both look at the settings alone.
    by = "" if directory == policy.overrides else f"GATEWAY_POLICY__OVERRIDES={where} "
    say(f"change it, then: {by}gateway policy check, {by}gateway policy test, gateway policy replay {where}")


@click.command("show")
@click.argument("path", required=False)
@click.option("--of", "policies", default=INSTALLED, show_default=True, help="Whose: a directory, or a revision.")
@call
def show_file(this: Call, /, *, path: str | None, policies: str) -> None:
    """Print one file of the policies, or list them all: rules by their path, tables as org/<name>/data.json.

    A table that is to be changed begins as a copy: print it into a directory of overrides.
    """

    async def work(house: House) -> Bundle:
        return await candidate_of(house, policies)

    bundle = in_house(this, work)
    files = {**bundle.rego, **bundle.org_files}
    if path is not None and path not in files:
        raise click.UsageError(f"there is no file {path}; without a path all are listed")
    click.echo(files[path] if path is not None else "\n".join(sorted(files)), nl=path is None)


_DIFF: Final = f"""Show what differs between two revisions: rules as text, tables value by value.

BEFORE and AFTER are each {NAMED}. Exits 0 when nothing differs and 1 when something does.
"""


@click.command(help=_DIFF)
@click.argument("before")
@click.argument("after", default=INSTALLED)
@json_option
@call
def diff(this: Call, /, *, before: str, after: str, as_json: bool) -> Exit:
    """Compare two revisions; the help text above is what people read."""

    async def work(house: House) -> tuple[Bundle, Bundle]:
        return await candidate_of(house, before), await candidate_of(house, after)

    found = difference(*in_house(this, work))
    answer_json({"rules": found.rules, "tables": found.tables}) if as_json else _tell_difference(found)
    return Exit.NO if found else Exit.DONE


def _tell_difference(found: Difference) -> None:
    for rule in found.rules:
        click.echo(f"{rule.path}: {rule.change}")
        for line in rule.lines:
            click.echo(f"  {line}")
    for value in found.tables:
        click.echo(str(value))
    files, values = counted(len(found.rules), "file"), counted(len(found.tables), "value")
    say(f"different: {files} and {values}" if found else "nothing differs")


@click.command()
@json_option
@call
def revisions(this: Call, /, *, as_json: bool) -> None:
    """List the revisions that ever decided here, newest first, and who brought each in by a reload, and why.

    What `installed` marks is in the files that this command reads; a running gateway decides by those it read last.
    """

    async def work(house: House) -> tuple[str, list[Revision], Mapping[str, str]]:
        every = await house.revisions.every()
        return _installed(house), every, await house.vault.named({each.asked.by for each in every if each.asked})

    installed, found, names = in_house(this, work)
    rows = [
        {
            "revision": each.name if as_json else each.short,
            "rules": each.policy_revision[:12],
            "tables": each.data_revision[:12],
            "told": each.at,
            "entry": each.seq,
            "installed": each.name == installed if as_json else "*" if each.name == installed else "",
            "by": names.get(each.asked.by, each.asked.by[:12]) if each.asked else None,
            "reason": each.asked.reason if each.asked else None,
        }
        for each in found
    ]
    if as_json:
        answer_json(rows)
        return
    answer_table(rows, ("rules", "tables", "told", "entry", "installed", "by", "reason"))
    say("installed * is in the files that this command reads; a running gateway may have read others")


def _installed(house: House) -> str:
    """Name what the files hold; what once decided is listed even where they hold nothing that could."""
    try:
        return house.bundle.revision
    except PolicyBundleError as error:
        say(f"what is installed now cannot be read: {error.message}")
        return ""


@click.command()
@click.argument("decision", metavar="DECISION_OR_JOB")
@click.option("--by", "candidate", help=f"Whose decision it would be: {NAMED}; else of those who made it.")
@json_option
@call
def explain(this: Call, /, *, decision: str, candidate: str | None, as_json: bool) -> Exit:
    """Explain a recorded decision: which rule, which fact, what would have to change, and the remedy.

    DECISION_OR_JOB is a job's id, a decision's, or the number of an entry that tells of one. It is decided again from
    the sealed facts, by the revision that decided it, which need not be installed any more. Exits 0, or 1 when it does
    not come out as the ledger has it.
    """

    async def work(house: House) -> Explanation:
        recordings = Recordings(database=house.database, vault=house.vault)
        by = None if candidate is None else await candidate_of(house, candidate)
        return await Explainer(recordings=recordings, revisions=house.revisions).explain(decision, by=by)

    found = in_house(this, work)
    answer_json(_plain(found)) if as_json else _tell(found)
    return Exit.NO if found.as_recorded is False else Exit.DONE


def _plain(found: Explanation) -> dict[str, object]:
    recorded = {name: value for name, value in asdict(found.recorded).items() if name != "facts"}
    return {
        "recorded": recorded,
        "revision": found.revision,
        "as_recorded": found.as_recorded,
        "allow": found.decision.allow,
        "placement": found.decision.placement,
        "obligations": [asdict(each) for each in found.decision.obligations],
        "approval": found.approval,
        "deny": [asdict(each) for each in found.deny],
        "warn": [asdict(each) for each in found.warn],
    }


def _tell(found: Explanation) -> None:
    recorded, placement = found.recorded, found.decision.placement
    revision = short(".".join(recorded.revision))
    click.echo(f"{'allowed' if recorded.allow else 'denied'} {recorded.at}, entry {recorded.seq}, revision {revision}")
    for line in _course(found):
        click.echo(f"  {line}")
    if placement is not None:
        click.echo(f"  runs where: {placement.kind.value}{f', because {placement.reason}' if placement.reason else ''}")
    for reason in found.deny:
        _tell_reason("denied by", reason, level=reason.level)
    for reason in found.warn:
        # A hard rule may warn by its own words; that it is hard would read as if it had denied.
        _tell_reason("warned by", reason, level="" if reason.level == HARD.level else reason.level)
    for obligation in found.decision.obligations:
        click.echo(f"  {'' if found.decision.allow else 'had it gone, '}{_obliged(obligation)}")
        click.echo(f"    {KNOWN[obligation.kind].does}")
    if found.as_recorded is False:
        say("it does NOT come out as the ledger has it; report this")


def _course(found: Explanation) -> Iterator[str]:
    """Say what came after policy, and who decided it again."""
    request = found.approval
    if found.as_recorded is None:
        yield f"by revision {short(found.revision)} it would be {'allowed' if found.decision.allow else 'denied'}"
    if found.recorded.unkept:
        why = f": {found.recorded.why_unkept}" if found.recorded.why_unkept else ""
        yield f"policy let it go under conditions that could not be met where it was to run{why}"
    if found.recorded.type == "reservation.refused":
        yield "then a budget or quota refused it: its entry says which"
    if request is not None:
        verdict = request.verdict
        said = f" at {verdict.at:%Y-%m-%d %H:%M:%SZ}: {verdict.reason}" if verdict else ""
        until = f" until {request.expires_at:%Y-%m-%d %H:%M:%SZ}" if request.state is ApprovalState.WAITING else ""
        yield f"approval of a second person: {request.state.value}{until}{said}"


def _obliged(obligation: Obligation) -> str:
    return f"obliged to: {obligation.kind} {msgspec.json.encode(obligation.parameters).decode()}"


def _tell_reason(word: str, reason: Reason, *, level: str) -> None:
    click.echo(f"  {word} {reason.finding.rule}{f' ({reason.title})' if reason.title else ''}")
    for line in _lines(reason.finding, reason, level):
        click.echo(f"    {line}")


def _lines(finding: Finding, reason: Reason, level: str) -> list[str]:
    causes = reason.causes
    seen, more = causes.looked_at[:_LOOKED_AT], len(causes.looked_at) - _LOOKED_AT
    looked = f"looked at: {', '.join(seen)}{f' and {more} more' if more > 0 else ''}" if seen else ""
    changes = [f"to change: {each}" for each in (*causes.facts, *causes.tables)]
    owner = f"rule of {reason.owner}, {reason.path}" if reason.path else ""
    remedy = f"remedy: {finding.remedy}" if finding.remedy else ""
    level = f"level: {level}" if level else ""
    return [each for each in (finding.message, remedy, level, looked, *changes, owner) if each]


COMMANDS: Final = (new_rule, show_file, diff, revisions, explain)
