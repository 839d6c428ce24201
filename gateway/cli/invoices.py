"""`gateway invoices`: what vendors bill, beside what our books say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import rich_click as click

from gateway.casework.invoices import Reconciled, bill_row, report_of
from gateway.cli.exits import Exit
from gateway.cli.house import in_house
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_fields, answer_json, answer_table, json_option, say

_COLUMNS: Final = ("invoice", "vendor", "begins", "ends", "lines", "imported", "id")
_FINDINGS: Final = ("finding", "vendor_job", "job", "lines", "billed", "expected", "currency")
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def invoices() -> None:
    """Invoices of vendors: taken in, listed, and compared with the books."""


@invoices.command("import")
@click.argument("file", type=_FILE)
@click.option("--vendor", required=True, help="Whose invoice it is, such as ionq.")
@json_option
@call
def import_(this: Call, /, *, file: Path, vendor: str, as_json: bool) -> None:
    """Take in the invoice FILE: our plain CSV, or a FOCUS export; the same file twice changes nothing."""
    content = file.read_bytes()
    row = bill_row(in_house(this, lambda house: house.administration.invoices.take_in(content, vendor=vendor)))
    answer_json(row) if as_json else answer_fields(row)


@invoices.command("list")
@json_option
@call
def list_(this: Call, /, *, as_json: bool) -> None:
    """List imported invoices, oldest period first."""
    rows = [bill_row(each) for each in in_house(this, lambda house: house.administration.invoices.every())]
    answer_json(rows) if as_json else answer_table(rows, _COLUMNS)


@invoices.command()
@click.argument("file", type=_FILE)
@click.option("--vendor", required=True, help="Whose invoice it is, such as ionq.")
@click.option("--tolerance", default="0", show_default=True, help="How far a job's bill may be off, such as 0.01.")
@click.option("--correct", is_flag=True, help="Let jobs count for what they were billed, where that differs.")
@json_option
@call
def reconcile(this: Call, /, *, file: Path, vendor: str, tolerance: str, correct: bool, as_json: bool) -> Exit:
    """Compare the invoice FILE with the books, and import it first where that was not done.

    Finds what is billed twice, for jobs nobody here submitted (unexplained spend), with another amount or currency,
    outside the period or although it failed, and jobs that are not billed.

    Exits 0 when nothing is wrong, and 1 with a line for each finding.
    """
    content = file.read_bytes()
    done = in_house(
        this,
        lambda house: house.administration.invoices.reconcile(
            content, vendor=vendor, tolerance=tolerance, correct=correct
        ),
    )
    report = {**report_of(done.bill, done.result), "corrected": done.corrected}
    answer_json(report) if as_json else _tell(done, report)
    return Exit.NO if done.result.findings else Exit.DONE


def _tell(done: Reconciled, report: Mapping[str, Any]) -> None:
    answer_table(report["findings"], _FINDINGS)
    billed = ", ".join(f"{amount} {currency}" for currency, amount in report["billed"].items())
    unexplained = ", ".join(f"{amount} {currency}" for currency, amount in report["unexplained"].items())
    say(f"invoice {done.bill.number} of {done.bill.vendor}: {billed} on {done.bill.lines} lines")
    say(f"{done.result.matched} jobs agree; unexplained spend: {unexplained or 'none'}")
    if done.corrected:
        say(f"{done.corrected} jobs count for what they were billed from now on")
