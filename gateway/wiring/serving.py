"""Opens what serving takes besides: worker processes, the policy engine, the upstreams, and enforcement over them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Protocol

import msgspec

from gateway.circuits.sandbox import Sandbox, SandboxLimits
from gateway.enforcement.access import Access
from gateway.enforcement.backends import Backends
from gateway.enforcement.changes import Changes
from gateway.enforcement.entries import Entries
from gateway.enforcement.follow import Follower
from gateway.enforcement.gate import Gate
from gateway.enforcement.jobs import Jobs
from gateway.enforcement.launch import Launcher
from gateway.enforcement.recover import Recovery
from gateway.enforcement.refusals import Refusals
from gateway.enforcement.repeats import Repeats
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.submit import Submitter
from gateway.enforcement.survey import Surveyor
from gateway.enforcement.turns import Turns
from gateway.policy.embedded import EmbeddedDecisionPoint
from gateway.ports.decision_point import DecisionPoint
from gateway.ports.upstream import Upstream, UpstreamContext
from gateway.routing.fleet import Fleet
from gateway.settings import Settings
from gateway.store import policies
from gateway.store.view import JobView
from gateway.wiring.house import House, Serving
from gateway.wiring.opening import open_house


class _Part(Protocol):
    """What is started before serving and closed after it."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def open_serving(settings: Settings) -> AsyncIterator[House]:
    """Open everything that serving takes: the house, worker processes, the policy engine, the upstreams.

    Raises:
        GatewayError: a part that does not start; the message names the mend.
    """
    async with open_house(settings) as house, AsyncExitStack() as stack:
        await house.ledger.self_check()
        sandbox = Sandbox(
            _readers(house),
            SandboxLimits(**settings.sandbox.model_dump()),
            measured=lambda outcome, _seconds: house.metrics.payload(outcome),
        )
        decision_point = _decision_point(house)
        serving = _serving(house, sandbox, decision_point)
        parts: tuple[_Part, ...] = (sandbox, decision_point, *serving.fleet.upstreams.values())
        for part in parts:
            stack.push_async_callback(part.close)
        await asyncio.gather(*(part.start() for part in parts))
        await _archive_policy(house)
        await serving.jobs.refresh()
        yield replace(house, rooms=serving)


def _readers(house: House) -> Mapping[str, str]:
    return {name: adapter.reader for name, adapter in house.adapters.items() if adapter.reader is not None}


def _decision_point(house: House) -> DecisionPoint:
    policy = house.settings.policy
    deadline = policy.deadline_ms / 1000
    if policy.engine == "opa" and policy.opa_url is not None:
        # Loads aiohttp, a third of a second that the embedded engine need not wait for.
        from gateway.policy.opa import OpaDecisionPoint

        return OpaDecisionPoint(policy.opa_url, house.bundle, deadline_seconds=deadline)
    return EmbeddedDecisionPoint(house.bundle, policy.workers, deadline)


def _serving(house: House, sandbox: Sandbox, decision_point: DecisionPoint) -> Serving:
    """Put the parts of enforcement together; each gets only what it uses."""
    entries = Entries(clock=house.clock, subject=house.vault.subject)
    jobs, turns, repeats = JobView(house.database), Turns(), Repeats()
    access = Access(house.bundle.roles)
    follower = Follower(
        database=house.database,
        dialects=house.dialects,
        vault=house.vault,
        ledger=house.ledger,
        entries=entries,
        jobs=jobs,
        turns=turns,
        repeats=repeats,
        clock=house.clock,
    )
    context = UpstreamContext(
        clock=house.clock,
        progress=follower.progress,
        state_dir=house.settings.state_dir,
        readers=_readers(house),
    )
    fleet = Fleet(_upstreams(house, context))
    launcher = Launcher(
        database=house.database,
        fleet=fleet,
        ledger=house.ledger,
        entries=entries,
        jobs=jobs,
        clock=house.clock,
        metrics=house.metrics,
    )
    sessions = Sessions(
        database=house.database, ledger=house.ledger, entries=entries, access=access, fleet=fleet, clock=house.clock
    )
    reading = Jobs(
        database=house.database,
        recent=jobs,
        access=access,
        fleet=fleet,
        vault=house.vault,
        ledger=house.ledger,
        entries=entries,
    )
    gate = Gate(
        authenticator=house.authenticator,
        backends=Backends(fleet=fleet, instances=house.instances, database=house.database, clock=house.clock),
        submitter=Submitter(
            clock=house.clock,
            dialects=house.dialects,
            surveyor=Surveyor(sandbox=sandbox, fleet=fleet, prices=house.prices, jobs=jobs, clock=house.clock),
            decision_point=decision_point,
            fleet=fleet,
            sessions=sessions,
            vault=house.vault,
            ledger=house.ledger,
            entries=entries,
            jobs=jobs,
            launcher=launcher,
            turns=turns,
            repeats=repeats,
            metrics=house.metrics,
        ),
        jobs=reading,
        changes=Changes(
            find=reading,
            jobs=jobs,
            fleet=fleet,
            follower=follower,
            vault=house.vault,
            ledger=house.ledger,
            entries=entries,
            turns=turns,
            clock=house.clock,
        ),
        sessions=sessions,
        ledger=house.ledger,
        entries=entries,
    )
    recovery = Recovery(
        database=house.database,
        ledger=house.ledger,
        vault=house.vault,
        sandbox=sandbox,
        fleet=fleet,
        jobs=jobs,
        launcher=launcher,
        turns=turns,
        clock=house.clock,
    )
    return Serving(
        gate=gate,
        refusals=Refusals(ledger=house.ledger, entries=entries, per_minute=house.settings.ledger.refusals_per_minute),
        recovery=recovery,
        follower=follower,
        sandbox=sandbox,
        decision_point=decision_point,
        fleet=fleet,
        jobs=jobs,
        writer=house.writer,
        entries=entries,
        ledger=house.ledger,
    )


def _upstreams(house: House, context: UpstreamContext) -> list[Upstream]:
    return [
        adapter.upstream(house.options[name], context)
        for name, adapter in house.adapters.items()
        if adapter.upstream is not None and getattr(house.options[name], "enabled", True)
    ]


async def _archive_policy(house: House) -> None:
    """Store policy, policy data and prices by content before their first use, and say so in the ledger."""
    at = house.clock.now()
    kinds = {
        "policy": (house.bundle.policy_revision, msgspec.json.encode(house.bundle.rego, order="sorted")),
        "data": (house.bundle.data_revision, msgspec.json.encode(house.bundle.tables, order="sorted")),
        "prices": (house.prices.revision, house.prices.content),
    }
    async with house.database.reading() as connection:
        new = {kind: each for kind, each in kinds.items() if not await policies.known(connection, each[0])}
    if not new:
        return
    rows = tuple(
        policies.write(digest=digest, kind=kind, content=content, first_used_at=at)
        for kind, (digest, content) in new.items()
    )
    body = {f"{kind}_revision": digest for kind, (digest, _) in kinds.items()}
    entries = Entries(clock=house.clock, subject=house.vault.subject)
    await house.ledger.record(entries.draft("policy.loaded", None, body), rows=rows)
