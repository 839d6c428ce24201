"""`gateway labels`: what circuits were labelled before, and how a label is taken back."""

import rich_click as click

from gateway.casework.labels import told
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_json, answer_table, counted, json_option, say
from gateway.domain.classification import Classification

_COLUMNS = ("circuit", "label", "since", "fixed", "resembles", "fingerprint")
_COUNTED = ("label", "fixed", "labels")


@click.group()
def labels() -> None:
    """What circuits were labelled before: counted, shown, lowered."""


@labels.command("list")
@json_option
@call
def list_(this: Call, /, *, as_json: bool) -> None:
    """Count the labels that are remembered.

    A circuit has one for its project, one for everybody it binds, and as many for its skeleton.
    """
    counted = in_house(this, lambda house: house.circuit_labels.count())
    rows = [
        {"label": label.value, "fixed": fixed, "labels": counted[label, fixed]}
        for label in Classification
        for fixed in (False, True)
        if (label, fixed) in counted
    ]
    answer_json(rows) if as_json else answer_table(rows, _COUNTED)


@labels.command()
@click.argument("name", metavar="JOB|DECISION")
@json_option
@call
def show(this: Call, /, *, name: str, as_json: bool) -> None:
    """Show what is remembered of the circuits of a job, or of a denied one by the id of its decision."""
    rows = [told(each) for each in in_house(this, lambda house: house.circuit_labels.of(name))]
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


@labels.command()
@click.argument("name", metavar="JOB|DECISION")
@click.option(
    "--to", type=click.Choice([label.value for label in Classification]), required=True, help="The new label."
)
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
@click.option("--for-good", is_flag=True, help="Whatever label such a circuit is given later: it is in the textbooks.")
@call
def lower(this: Call, /, *, name: str, to: str, reason: str, for_good: bool) -> None:
    """Lower the label of the circuits of a job, or of a denied one by the id of its decision.

    For its project and for everybody it binds; other projects that labelled the same circuit keep their own. Nothing is
    ever raised by this. Unless it is for good, the next submission with a higher label raises it again.
    """
    label = Classification(to)
    changed = in_house(this, lambda house: house.circuit_labels.lower(name, to=label, reason=reason, for_good=for_good))
    say(f"{counted(changed, 'label')} lowered" if changed else "nothing changed: no label stands above that")
