"""The reference page of the exactly-once drill."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = Path("docs/reference/exactly-once.md")
_INTRODUCTION = """\
# Exactly once

Written by `python -m tests.drill.exactly_once --page`; do not edit. Clients submit to strict fake vendors through the
gateway and go on until they have an answer, as an SDK in a loop does. Meanwhile the vendors fail at every step of a
submission, of polls and of results, and the gateway is killed (supervisor, serving process, all of them in turn). At
the end the vendors' own books are compared with what the clients wanted. How it works:
[architecture](../architecture.md)."""
_FOUND = {
    "submissions": "Pieces of work wanted",
    "kills": "Times the gateway was killed",
    "answered": "Answered",
    "unanswered": "Never answered",
    "vendor_jobs": "Jobs at the vendors",
    "simulated": "Simulated with consent, while a vendor was left alone",
    "lost": "Lost",
    "double": "Run twice",
    "false_merges": "Answered with another's job",
    "unsettled": "Without an end",
    "ledger_intact": "`gateway audit verify` passes",
    "seconds": "Seconds in all",
}


def write(report: Mapping[str, Any], *, clean: bool, seed: int) -> None:
    """Write the page."""
    (ROOT / PAGE).write_text("\n".join(_lines(report, clean=clean, seed=seed)) + "\n", "utf-8")


def _lines(report: Mapping[str, Any], *, clean: bool, seed: int) -> Iterator[str]:
    day = datetime.now(UTC).date().isoformat()
    verdict = "everything ran exactly once" if clean else "NOT everything ran exactly once"
    yield from (_INTRODUCTION, "", f"Run on {day} with seed {seed}: {verdict}.", "")
    yield from _table("Found", {words: report[name] for name, words in _FOUND.items()})
    yield from _table("Faults that the vendors played", report["faults"])
    yield from _table("Entries in the ledger", report["recorded"])


def _table(title: str, rows: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"| {title} | |", "|---|---:|")
    yield from (f"| {name} | {_shown(value)} |" for name, value in rows.items())
    yield ""


def _shown(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value:,}".replace(",", " ")
