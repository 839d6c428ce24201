"""The reference page of an outage drill."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = Path("docs/reference/outages.md")
_INTRODUCTION = """\
# Outages

Written by `python -m tests.drill.outage --page`; do not edit. Strict fake vendors go away under load, each time in
another way: they answer 503, refuse connections, or take them and say nothing. Half of the clients work for a project
that consents to a simulator. What an operator sees of the real thing: [the runbook](../runbooks/vendor-outage.md)."""
_COLUMNS = {
    "vendor": "Vendor",
    "kind": "Away by",
    "seconds": "Seconds away",
    "opened_after": "Left alone after s",
    "failures": "Failures until then",
    "asked": "Requests it still got",
    "longest_answer": "Longest answer s",
    "submitted": "Submitted",
    "simulated": "Simulated",
    "denied": "Denied",
    "turned_away": "Told to ask again",
    "waiting": "Waited for it",
    "recovered_after": "Forwarded again after s",
}
_FOUND = {
    "intents": "Submissions in all",
    "vendor_jobs": "Jobs at the vendors",
    "lost": "Lost",
    "double": "Run twice, or run although refused or simulated",
    "unsettled": "Without an end",
    "unanswered": "Without an answer",
    "unworded": "Refused without saying what to do",
    "unlabelled": "Simulated without saying so in the answer, the results and the ledger",
    "unwilling": "Simulated without consent",
    "untold": "Turns of a breaker missing in the ledger",
    "restarts": "Restarts",
    "longest_answer": "Longest answer to a submission, seconds",
    "longest_poll": "Longest answer to a poll, seconds",
    "answer_bound": "Longest answer allowed, seconds",
    "ledger_intact": "`gateway audit verify` passes",
}


def write(report: Mapping[str, Any], *, clean: bool) -> None:
    """Write the page."""
    (ROOT / PAGE).write_text("\n".join(_lines(report, clean=clean)) + "\n", "utf-8")


def _lines(report: Mapping[str, Any], *, clean: bool) -> Iterator[str]:
    day = datetime.now(UTC).date().isoformat()
    yield from (
        _INTRODUCTION,
        "",
        f"Run on {day}: everything {'went as promised' if clean else 'did NOT go as promised'}.",
    )
    yield from ("", "| " + " | ".join(_COLUMNS.values()) + " |", "|---" * len(_COLUMNS) + "|")
    for outage in report["outages"]:
        yield "| " + " | ".join(_shown(outage[name]) for name in _COLUMNS) + " |"
    yield from ("", "| Found | |", "|---|---|")
    for name, words in _FOUND.items():
        yield f"| {words} | {_shown(report[name])} |"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:g}" if isinstance(value, float) else str(value)
