"""The reference page: machine, budgets kept and broken, and every number."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from tests.bench.outcome import Budget, Outcome, Series, number

_INTRODUCTION = """\
# Benchmarks

Written by `make bench`; do not edit. A QPU job waits for minutes to days, so what matters is load: submissions, which
are governed end to end, and polls, which are by far the most requests. Budgets are ratios within one run where they
can be, because ratios travel between machines better than milliseconds do. Every number is the median of its runs, with
the lowest and the highest beside it; where two things are compared they were measured in turn."""


def written(outcomes: Mapping[str, Outcome], machine: Mapping[str, str]) -> str:
    """Write the page."""
    parts = [_INTRODUCTION, _circumstances(machine), _budgets(outcomes)]
    parts += [_section(title, outcome) for title, outcome in outcomes.items()]
    return "\n\n".join(parts) + "\n"


def _circumstances(machine: Mapping[str, str]) -> str:
    day = datetime.now(UTC).date().isoformat()
    rows = [f"| {name} | {value} |" for name, value in machine.items()]
    return "\n".join([f"Measured on {day}.", "", "| Machine | |", "|---|---|", *rows])


def _budgets(outcomes: Mapping[str, Outcome]) -> str:
    rows = [_budget(title, budget) for title, outcome in outcomes.items() for budget in outcome.budgets]
    return "\n".join(["## Budgets", "", "| Path | Promise | Found | |", "|---|---|---|---|", *rows])


def _budget(title: str, budget: Budget) -> str:
    verdict = "met" if budget.met else "**NOT met**"
    return f"| {title} | {budget.promise} | {_median(budget.found)} | {verdict} |"


def _section(title: str, outcome: Outcome) -> str:
    return "\n".join(_lines(title, outcome))


def _lines(title: str, outcome: Outcome) -> Iterator[str]:
    yield from (f"## {title}", "", outcome.note)
    yield from ("", "| What | Median | Lowest to highest |", "|---|---|---|")
    for series in outcome.series:
        yield f"| {series.what} | {_median(series)} | {series.spread if len(series.values) > 1 else ''} |"


def _median(series: Series) -> str:
    return f"{number(series.median)} {series.unit}"


def told(title: str, outcome: Outcome) -> str:
    """Write one benchmark for a terminal."""
    lines = [title]
    lines += [f"  {series.what:<58}{_median(series):>22}   ({series.spread})" for series in outcome.series]
    lines += [
        f"  {'met' if budget.met else 'NOT met':>8}: {budget.promise}: {_median(budget.found)}"
        for budget in outcome.budgets
    ]
    return "\n".join(lines)
