"""`gateway plan`: what a job would cost, and what it would leave, before anybody submits it."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import rich_click as click

from gateway.budgets.workload import Portion, Terms
from gateway.casework import amounts
from gateway.casework.plan import Left, Plan, Wish
from gateway.cli.exits import Exit
from gateway.cli.invocation import Call, call
from gateway.cli.output import answer_fields, answer_json, answer_table, json_option
from gateway.domain.budget import Unit
from gateway.settings import Settings
from gateway.wiring.planning import open_planner

_COLUMNS: Final = ("limit", "level", "unit", "currency", "left", "needed", "left after", "fits", "resets")
_USUAL_SHOTS: Final = 1000
_SIZES: Final = ("shots", "circuits", "one_qubit_gates", "two_qubit_gates", "measurements", "seconds")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--dialect", help="In whose words FILE is written, such as ibm, ionq or braket.")
@click.option("--backend", help="Where it would run; in place of the backend that FILE names.")
@click.option("--upstream", help="Whose backend that is, where its name alone does not tell.")
@click.option("--project", default="default", show_default=True, help="Who would pay.")
@click.option("--plan", default="", help="Of the vendor account, in place of the one that the account names.")
@click.option("--shots", type=click.IntRange(0), help="Of each circuit.  [default: 1000]")
@click.option("--circuits", type=click.IntRange(1), help="Equal ones.  [default: 1]")
@click.option("--one-qubit-gates", type=click.IntRange(0), help="Of each circuit.")
@click.option("--two-qubit-gates", type=click.IntRange(0), help="Of each circuit.")
@click.option("--measurements", type=click.IntRange(0), help="Of each circuit.")
@click.option("--seconds", type=click.FloatRange(0), help="How long it is thought to occupy the quantum computer.")
@click.option("--max-seconds", type=click.IntRange(1), help="The longest it may run, such as IBM's max_execution_time.")
@click.option("--mitigated/--unmitigated", default=None, help="With or without the vendor's error mitigation.")
@json_option
@call
def plan(
    this: Call, /, *, file: Path | None, dialect: str | None, backend: str | None, as_json: bool, **said: Any
) -> Exit:
    """Price the submission in FILE, or a job of a size, by the price book; nothing is held and nothing is sent.

    FILE holds the body that the vendor's SDK would send, and is read in the sandbox as the gateway reads it. What is
    held is the most that the job can cost; the estimate is what it will probably cost.

    Exits 0 when every limit of the project has enough left, and 1 when one has not or there is no price.
    """
    _check(file, dialect, backend, said)
    terms = Terms(plan=said["plan"], max_seconds=said["max_seconds"], mitigated=said["mitigated"])
    wish = Wish(project=said["project"], backend=backend, upstream=said["upstream"], terms=terms)
    if file is not None and dialect is not None:
        found = asyncio.run(_read(this.settings, wish, dialect, file.read_bytes()))
    else:
        found = asyncio.run(_sized(this.settings, wish, said))
    if as_json:
        answer_json(_fields(found) | {"limits": [_row(each) for each in found.left]})
    else:
        _show(found)
    return Exit.DONE if found.fits else Exit.NO


def _check(file: Path | None, dialect: str | None, backend: str | None, said: Mapping[str, Any]) -> None:
    if file is None and backend is None:
        raise click.UsageError("give a FILE with its --dialect, or a --backend and a size")
    if (file is None) != (dialect is None):
        raise click.UsageError("a FILE and its --dialect go together")
    if file is not None and any(said[name] is not None for name in _SIZES):
        raise click.UsageError("the size of a job is read from FILE; leave the options for it out")


async def _read(settings: Settings, wish: Wish, dialect: str, body: bytes) -> Plan:
    async with open_planner(settings, reads=True) as planner:
        if dialect not in planner.dialects:
            raise click.UsageError(f"there is no dialect {dialect}; there is {', '.join(sorted(planner.dialects))}")
        return await planner.read(wish, dialect, body)


async def _sized(settings: Settings, wish: Wish, said: Mapping[str, Any]) -> Plan:
    gates = {1: said["one_qubit_gates"] or 0, 2: said["two_qubit_gates"] or 0}
    shots = _USUAL_SHOTS if said["shots"] is None else said["shots"]
    portion = Portion(shots=shots, gates=gates, measurements=said["measurements"] or 0)
    async with open_planner(settings, reads=False) as planner:
        return await planner.sized(wish, circuits=said["circuits"] or 1, portion=portion, seconds=said["seconds"] or 0)


def _show(found: Plan) -> None:
    fields = _fields(found)
    currency, native = fields.pop("currency"), fields.pop("native")
    money = {name: f"{fields.pop(name)} {currency}" for name in ("estimate", "held")}
    taken = f"{native['amount']} {native['unit']}" if native else None
    answer_fields({**money, "native": taken, **fields})
    if found.left:
        click.echo()
        answer_table([_row(each) for each in found.left], _COLUMNS)


def _fields(found: Plan) -> dict[str, Any]:
    quote = found.quote
    estimate = quote.amount_micros if quote.estimate_micros is None else quote.estimate_micros
    return {
        "estimate": amounts.show(estimate, Unit.MONEY),
        "held": amounts.show(quote.amount_micros, Unit.MONEY),
        "currency": quote.currency,
        "native": quote.native and {"amount": quote.native[0], "unit": quote.native[1]},
        "backend": found.site.backend,
        "upstream": found.site.upstream,
        "kind": found.site.kind.value,
        "project": found.project.name,
        "plan": found.plan,
        "circuits": quote.circuits,
        "shots": quote.shots,
        "qpu_seconds": amounts.show(quote.qpu_milliseconds, Unit.QPU_MILLISECONDS),
        "bound_seconds": quote.bound_seconds,
        "basis": quote.basis,
        "source": quote.source,
        "price_revision": quote.price_revision,
    }


def _row(left: Left) -> Mapping[str, Any]:
    standing, limit = left.standing, left.standing.limit
    after = None if left.needed is None else standing.left - left.needed
    return {
        "limit": limit.name,
        "level": limit.level.value,
        "unit": amounts.WORDS[limit.unit],
        "currency": limit.currency or None,
        "left": amounts.show(standing.left, limit.unit),
        "needed": None if left.needed is None else amounts.show(left.needed, limit.unit),
        "left after": None if after is None else amounts.show(after, limit.unit),
        "fits": left.fits,
        "resets": standing.resets_at,
    }
