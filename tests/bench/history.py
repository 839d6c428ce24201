"""A ledger with years in it: jobs of many tenants, decided, sent and ended, as enforcement writes them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.audit.entry import encode
from gateway.audit.merkle import MerkleChain
from gateway.domain.chain import Head
from gateway.domain.ids import uuid7
from gateway.domain.writes import EntryDraft, Leaf
from gateway.store import entries
from gateway.store.engine import Database

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
_SPACING = timedelta(seconds=10)
_AT_ONCE = 2000
_VENDORS = {"ibm": "hardware", "ionq": "hardware", "braket": "hardware", "aer": "simulator"}
_RULES = ("budget/money", "access/role-may-submit", "backend/online", "circuits/size", "data/residency")
_WHY = ("the vendor gave no result", "calibration was lost while it ran", "the qubits were in maintenance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who appears."""

    projects: tuple[str, ...]
    people: tuple[str, ...]
    """Digests."""


async def write(database: Database, cast: Cast, count: int) -> None:
    """Write so many entries, chained as the writer chains them."""
    head = Head(origin="bench", size=0, frontier=b"", last_hash=bytes(32), last_at=BEGINS)
    chain, story = MerkleChain(), _story(cast)
    async with database.writing() as connection:
        await entries.create(connection, head)
    while head.size < count:
        leaves = [next(story) for _ in range(min(_AT_ONCE, count - head.size))]
        head, links = chain.extend(head, leaves)
        placed = list(zip(leaves, links, strict=True))
        async with database.writing() as connection:
            await connection.run_sync(entries.add, placed)
            await connection.run_sync(entries.move_head, head)


def _story(cast: Cast) -> Iterator[Leaf]:
    """Tell of one job after another for ever; the same one each time."""
    chance, moment, number = random.Random(1), BEGINS, 0
    while True:
        project, who = chance.choice(cast.projects), chance.choice(cast.people)
        for type_, body in _job(chance, who, f"job-{number}"):
            moment, number = moment + _SPACING, number + 1
            event_id = uuid7(moment, number.to_bytes(10))
            yield encode(EntryDraft(event_id=event_id, type=type_, at=moment, project_id=project, body=body))


def _job(chance: random.Random, who: str, job: str) -> Iterator[tuple[str, dict[str, Any]]]:
    vendor = chance.choice(tuple(_VENDORS))
    backend, asked = f"{vendor}_{chance.randrange(12)}", f"ibm_{chance.randrange(12)}"
    submission = {
        "principal": who,
        "key": who,
        "dialect": "ibm",
        "program": "sampler",
        "backend_asked": asked,
        "classification": chance.choice(("public", "internal", "internal", "restricted")),
        "payload": {"digest": "ab" * 32, "bytes": 4096},
        "decision": {"id": "0" * 36, "engine": "regorus", "policy_revision": "cd" * 32, "warn": []},
    }
    if chance.random() < 0.06:
        yield "job.denied", {**submission, "deny": [chance.choice(_RULES)]}
        return
    fallback = vendor == "aer" and chance.random() < 0.2
    placement = {
        "upstream": vendor,
        "backend": backend,
        "kind": _VENDORS[vendor],
        "fallback": fallback,
        "reason": f"{asked} is unavailable: paused" if fallback else "",
    }
    price = {"amount_micros": chance.randrange(1, 90_000_000), "currency": "EUR"}
    asked_for = {"job_id": job, "client_job_id": f"sdk-{job}", "attempt": 1, "placement": placement, "quote": price}
    yield "job.permitted", {**submission, **asked_for}
    yield "job.forwarded", {"job_id": job, "attempt": 1, "upstream": vendor, "vendor_job_id": f"v-{job}"}
    ended = {
        "job_id": job,
        "attempt": 1,
        "backend": backend,
        "upstream": vendor,
        "execution_kind": _VENDORS[vendor],
        "fallback": fallback,
        "cost": {"settled_micros": price["amount_micros"], "currency": "EUR"},
    }
    if chance.random() < 0.03:
        yield "job.failed", {**ended, "reason": chance.choice(_WHY)}
    else:
        yield "job.completed", {**ended, "result": {"digest": "ef" * 32}, "summaries": []}
