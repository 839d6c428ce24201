"""The reference page of the overspend drill."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = Path("docs/reference/overspend.md")
_INTRODUCTION = """\
# Overspend

Written by `python -m tests.drill.overspend --page`; do not edit. A crowd of submitters presses upon budgets and quotas
of every level, all set to run out, through several gateways on one database, in front of a fake vendor. Meanwhile
gateways are killed (`kill -9`) and come back, and the database restarts as after a crash. When every job has ended, the
journal is added up again from its first line by the drill's own arithmetic. How it works:
[decision 17](../adr/0017-replicas.md)."""
_FOUND = {
    "database": "Database",
    "gateways": "Gateway processes",
    "submitters": "Submitters at once",
    "submissions": "Submissions wanted",
    "kills": "Times a gateway was killed",
    "restarts": "Times the database was restarted",
    "taken": "Taken",
    "refused": "Refused by a budget or quota",
    "unanswered": "Never answered",
    "completed": "Jobs that completed",
    "vendor_jobs": "Jobs at the vendor",
    "failed": "Jobs closed before anything was sent: a kill, or a ledger that did not answer in time",
    "exhausted": "Limits that ran out",
    "looks": "Times the balances were read meanwhile",
    "overspend": "**Maximum overspend**, over all limits and moments",
    "phantom_holds": "**Phantom holds** after everything ended",
    "imbalance": "**Journal imbalance**, kept balances against the journal",
    "doubles": "Jobs held or settled twice",
    "unsettled": "Jobs or attempts without an end",
    "differences": "Differences that `gateway budgets check` finds",
    "ledger_intact": "`gateway audit verify` passes",
    "seconds": "Seconds in all",
}


def write(report: Mapping[str, Any], *, clean: bool, seed: int) -> None:
    """Write the page."""
    (ROOT / PAGE).write_text("\n".join(_lines(report, clean=clean, seed=seed)) + "\n", "utf-8")


def _lines(report: Mapping[str, Any], *, clean: bool, seed: int) -> Iterator[str]:
    day = datetime.now(UTC).date().isoformat()
    verdict = "nothing was overspent" if clean else "NOT everything held"
    yield from (_INTRODUCTION, "", f"Run on {day} with seed {seed}: {verdict}.", "")
    yield from _table("Found", {words: report[name] for name, words in _FOUND.items()})
    yield from ("| Limit | Most ever taken, of what was allowed (micros for money) |", "|---|---|")
    yield from (f"| `{name}` | {told} |" for name, told in report["limits"].items())


def _table(title: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"| {title} | |", "|---|---:|")
    yield from (f"| {name} | {_shown(value)} |" for name, value in rows.items())
    yield ""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:,}".replace(",", " ")
