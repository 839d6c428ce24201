"""Ledger appends by many clients: batches that share one transaction, against one transaction for each."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import uvloop

from gateway.audit.entry import encode
from gateway.audit.merkle import MerkleChain
from gateway.domain.writes import Unit
from gateway.enforcement.entries import Entries
from gateway.store.apply import together
from gateway.store.limits import Known
from tests.bench.deployment import Deployment, deploy
from tests.bench.outcome import Budget, Outcome, Series, ratio
from tests.bench.scale import Scale

TITLE = "Ledger appends"
CLIENTS = 64
_ADVANTAGE = 20
"""How many more appends the batches get to do, so that both sides take about as long."""
_Append = Callable[[Unit], Awaitable[object]]


def measure(scale: Scale) -> Outcome:
    """Append both ways in turn, to one ledger."""
    deployment = deploy(scale.scratch / "appends")
    batched, single = uvloop.run(_both(deployment, scale))
    ours = Series(what="append, group commit", unit="entries/s", values=tuple(batched))
    theirs = Series(what="append, a transaction each", unit="entries/s", values=tuple(single))
    factor = ratio("group commit, over a transaction each", ours.values, theirs.values)
    return Outcome(
        series=(ours, theirs, factor),
        budgets=(Budget(promise="at least 20 times a transaction each", found=factor, at_least=20.0),),
        note=(
            f"{CLIENTS} clients in one process, each waiting until its entry is durable before it sends the next; "
            "the same database, connection settings and statements on both sides."
        ),
    )


async def _both(deployment: Deployment, scale: Scale) -> tuple[list[float], list[float]]:
    batched, single = [], []
    async with deployment.in_process() as house:
        entries, chain, known = Entries(clock=house.clock, subject=house.vault.subject), MerkleChain(), Known()

        def unit() -> Unit:
            body = {"principal": "p" * 64, "key": "k" * 64, "job_id": "j" * 36}
            return Unit(leaf=encode(entries.draft("results.read", None, body)))

        async def alone(unit: Unit) -> None:
            async with house.database.writing() as connection:
                await connection.run_sync(together, chain, known, [unit])

        for _ in range(scale.runs):
            single.append(await _rate(alone, unit, scale.calls))
            batched.append(await _rate(house.writer.commit, unit, scale.calls * _ADVANTAGE))
    return batched, single


async def _rate(append: _Append, unit: Callable[[], Unit], count: int) -> float:
    """Let every client append in turn until `count` entries are durable."""
    left = iter(range(count))

    async def client() -> None:
        for _ in left:
            await append(unit())

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return count / (time.perf_counter() - began)
