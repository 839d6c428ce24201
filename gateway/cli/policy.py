"""`gateway policy`: look at, test and try the policies that decide, without a running gateway."""

import json
from dataclasses import asdict
from typing import BinaryIO, Final

import rich_click as click

from gateway.cli import authoring, glass, leaks, overrides, policy_bundles, reloading, selftest, shadow, timemachine
from gateway.cli.exits import Exit
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, json_option, say
from gateway.cli.tracing import tell_trace
from gateway.domain.decision import Decision
from gateway.policy import check as lint
from gateway.policy import testing
from gateway.policy.bundle import default_root, load

_engine = click.option("--engine", type=click.Choice(testing.ENGINES), help="Which engine; else `policy.engine`.")
_opa = click.option("--opa", default="opa", show_default=True, help="The OPA program, for engine opa.")

_BOTH: Final = "both"


@click.group()
def policy() -> None:
    """The policies: their conventions, their tests, what they would decide, and how OPA gets them."""


for each in (policy_bundles.keygen, policy_bundles.build, policy_bundles.opa_config):
    policy.add_command(each)
for each in (*overrides.COMMANDS, glass.glass, shadow.shadow):
    policy.add_command(each)
for each in (leaks.leaks, *authoring.COMMANDS, *reloading.COMMANDS, selftest.selftest, timemachine.replay):
    policy.add_command(each)


@policy.command()
@_opa
@json_option
@call
def check(this: Call, /, *, opa: str, as_json: bool) -> Exit:
    """Check conventions, references to facts and tables, and the subset of Rego that both engines agree on.

    Where there is OPA, it formats and compiles them strictly against the schema of facts; where there is Regal, its
    findings are advice. Exits 0 when there is nothing to mend and 1 when there is; findings go to stdout, one per line.
    """
    root = this.settings.policy.directory or default_root()
    found = lint.check(root, overrides=this.settings.policy.overrides, opa=opa)
    wrong = [finding for finding in found if not finding.advice]
    if as_json:
        answer_json([asdict(finding) for finding in found])
    else:
        for finding in found:
            click.echo(str(finding))
    say(f"{len(wrong)} to mend" if wrong else "nothing to mend")
    return Exit.NO if wrong else Exit.DONE


@policy.command("test")
@click.option(
    "--engine", type=click.Choice((*testing.ENGINES, _BOTH)), help="Which engine, or both; else `policy.engine`."
)
@_opa
@click.option("--uncovered", is_flag=True, help="List the lines that no test reaches, too.")
@json_option
@call
def run_tests(this: Call, /, *, engine: str | None, opa: str, uncovered: bool, as_json: bool) -> Exit:
    """Run the tests of every rule and report coverage.

    Exits 0 when all pass, on both engines where both are asked for, and 1 when one does not; failures go to stdout,
    one per line. With --json and both engines, a list of two reports.
    """
    chosen = this.settings.policy
    engines = testing.ENGINES if engine == _BOTH else (engine or chosen.engine,)
    reports = [
        testing.run_tests(chosen.directory or default_root(), each, overrides=chosen.overrides, opa=opa)
        for each in engines
    ]
    if as_json:
        answer_json([asdict(each) for each in reports] if engine == _BOTH else asdict(reports[0]))
    for report in reports:
        if not as_json:
            _tell_tests(report, uncovered=uncovered)
        say(f"{report.engine}: {report.passed} passed, {report.failed} failed, coverage {report.coverage_percent} %")
    return Exit.NO if any(each.failed for each in reports) else Exit.DONE


def _tell_tests(report: testing.TestReport, *, uncovered: bool) -> None:
    for failure in report.failures:
        click.echo(f"failed: {failure}")
    for path, lines in report.uncovered.items() if uncovered else ():
        click.echo(f"{path}:{lines[0]}: no test reaches line {', '.join(map(str, lines))}")


@policy.command("eval")
@click.argument("facts", type=click.File("rb"))
@_engine
@_opa
@click.option("--trace", "traced", is_flag=True, help="Show how each rule that said something came to it.")
@click.option("--rule", help="With --trace: follow this rule, whatever it said.")
@json_option
@call
def evaluate(
    this: Call,
    /,
    *,
    facts: BinaryIO,
    engine: str | None,
    opa: str,
    traced: bool,
    rule: str | None,
    as_json: bool,
) -> Exit:
    """Say what would be decided on FACTS, a JSON file as the schema in the policy tree describes; - is stdin.

    With --trace: what each rule worked out, and its lines, + before those that were reached. Exits 0 when the job
    would be allowed and 1 when it would be denied.
    """
    document = facts.read()
    try:
        json.loads(document)
    except ValueError as error:
        raise click.UsageError(f"the facts are no JSON: {error}") from None
    chosen = this.settings.policy
    bundle = load(chosen.directory or default_root(), chosen.overrides)
    decision = testing.evaluate(bundle, document, engine or chosen.engine, opa=opa)
    answer_json(_plain(decision)) if as_json else _tell(decision)
    if traced:
        tell_trace(bundle, document, only=rule)
    return Exit.DONE if decision.allow else Exit.NO


def _tell(decision: Decision) -> None:
    click.echo("allowed" if decision.allow else "denied")
    for word, findings in (("denied by", decision.deny), ("warned by", decision.warn)):
        for finding in findings:
            remedy = f"; {finding.remedy}" if finding.remedy else ""
            click.echo(f"  {word} {finding.rule}: {finding.message}{remedy}")
    if decision.placement is not None:
        because = f", because {decision.placement.reason}" if decision.placement.reason else ""
        click.echo(f"  to run where: {decision.placement.kind.value}{because}")
    for obligation in decision.obligations:
        click.echo(f"  obliged to: {obligation.kind}")


def _plain(decision: Decision) -> dict[str, object]:
    return {name: value for name, value in asdict(decision).items() if name != "facts"}
