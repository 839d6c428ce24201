"""`gateway policy`: look at, test and try the policies that decide, without a running gateway."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import rich_click as click

from gateway.cli.exits import Exit
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, json_option, say
from gateway.domain.decision import Decision
from gateway.policy import check as lint
from gateway.policy import testing
from gateway.policy.bundle import default_root, load

_engine = click.option("--engine", type=click.Choice(testing.ENGINES), help="Which engine; else `policy.engine`.")
_opa = click.option("--opa", default="opa", show_default=True, help="The OPA program, for engine opa.")


@click.group()
def policy() -> None:
    """The policies: their conventions, their tests, and what they would decide."""


@policy.command()
@_opa
@json_option
@call
def check(this: Call, /, *, opa: str, as_json: bool) -> Exit:
    """Check the conventions of the tree, the subset both engines agree on, and, where there is OPA, its own checks.

    Exits 0 when there is nothing to mend and 1 when there is; findings go to stdout, one per line.
    """
    root = this.settings.policy.directory or default_root()
    found = lint.check(root, overrides=this.settings.policy.overrides, opa=opa)
    if as_json:
        answer_json([asdict(finding) for finding in found])
    else:
        for finding in found:
            click.echo(str(finding))
    say(f"{len(found)} to mend" if found else "nothing to mend")
    return Exit.NO if found else Exit.DONE


@policy.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@call
def build(this: Call, /, *, directory: Path) -> None:
    """Write the policies, overrides merged in, as the bundle that `opa run --server --bundle DIRECTORY` takes.

    The directory must be new or empty. The gateway refuses answers from any other revision than it has itself.
    """
    if directory.exists() and any(directory.iterdir()):
        raise click.UsageError(f"{directory} is not empty; name a new directory")
    chosen = this.settings.policy
    bundle = load(chosen.directory or default_root(), chosen.overrides)
    bundle.write(directory)
    say(f"wrote revision {bundle.revision}")


@policy.command("test")
@_engine
@_opa
@json_option
@call
def run_tests(this: Call, /, *, engine: str | None, opa: str, as_json: bool) -> Exit:
    """Run the tests of every rule and report coverage.

    Exits 0 when all pass and 1 when one does not; failures go to stdout, one per line.
    """
    chosen = this.settings.policy
    report = testing.run_tests(
        chosen.directory or default_root(), engine or chosen.engine, overrides=chosen.overrides, opa=opa
    )
    if as_json:
        answer_json(asdict(report))
    else:
        for failure in report.failures:
            click.echo(f"failed: {failure}")
    say(f"{report.engine}: {report.passed} passed, {report.failed} failed, coverage {report.coverage_percent} %")
    return Exit.NO if report.failed else Exit.DONE


@policy.command("eval")
@click.argument("facts", type=click.File("rb"))
@_engine
@_opa
@json_option
@call
def evaluate(this: Call, /, *, facts: BinaryIO, engine: str | None, opa: str, as_json: bool) -> Exit:
    """Say what would be decided on FACTS, a JSON file as the schema in the policy tree describes; - is stdin.

    Exits 0 when the job would be allowed and 1 when it would be denied.
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
