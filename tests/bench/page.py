"""The reference page: machine, budgets kept and broken, and every number that was published."""

from collections.abc import Iterator, Mapping, Sequence

from tests.bench.outcome import Budget, Outcome, Series, number
from tests.bench.record import Measured

_INTRODUCTION = """\
# Benchmarks

Written by `make bench`; do not edit. A QPU job waits for minutes to days, so what matters is load: submissions, which
are governed end to end, and polls, which are by far the most requests. Budgets are ratios within one run where they
can be, because ratios travel between machines better than milliseconds do. Every number is the median of its runs, with
the lowest and the highest beside it; where two things are compared they were measured in turn. Each path was measured
on the day and at the load that stand in its section."""
_LOAD = "load when it began"


def written(measured: Mapping[str, Measured], order: Sequence[str]) -> str:
    """Write the page, its paths in this order."""
    found = {title: measured[title] for title in order if title in measured}
    newest = max(found.values(), key=lambda each: each.day)
    parts = [_INTRODUCTION, _circumstances(newest.machine), _budgets(found)]
    parts += [_section(title, each) for title, each in found.items()]
    return "\n\n".join(parts) + "\n"


def _circumstances(machine: Mapping[str, str]) -> str:
    rows = [f"| {name} | {value} |" for name, value in machine.items() if name != _LOAD]
    return "\n".join(["| Machine | |", "|---|---|", *rows])


def _budgets(found: Mapping[str, Measured]) -> str:
    rows = [_budget(title, budget) for title, each in found.items() for budget in each.outcome.budgets]
    return "\n".join(["## Budgets", "", "| Path | Promise | Found | |", "|---|---|---|---|", *rows])


def _budget(title: str, budget: Budget) -> str:
    verdict = "met" if budget.met else "**NOT met**"
    return f"| {title} | {budget.promise} | {_median(budget.found)} | {verdict} |"


def _section(title: str, measured: Measured) -> str:
    when = f"Measured on {measured.day}; {_LOAD}: {measured.machine[_LOAD]}."
    return "\n".join([f"## {title}", "", measured.outcome.note, "", when, "", *_lines(measured.outcome)])


def _lines(outcome: Outcome) -> Iterator[str]:
    yield from ("| What | Median | Lowest to highest |", "|---|---|---|")
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
