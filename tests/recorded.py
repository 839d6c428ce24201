"""Recorded decisions without the submissions: facts, decided and sealed as the gateway does, in numbers.

For tests and benchmarks of what reads them back. Everything is drawn from one seed, so that runs can be compared.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from secrets import token_bytes
from typing import Any

import msgspec

from gateway.domain.decision import Decision
from gateway.domain.ids import uuid7
from gateway.domain.writes import EntryDraft, SealedWrite
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import Bundle
from gateway.wiring import House
from tests.policy import golden

_AT_ONCE = 256
PROJECTS = ("catalysis", "folding", "lattice", "markets")


def some_facts(count: int, *, seed: int = 7) -> Iterator[bytes]:
    """Tell small stories: jobs of several people and projects, most of them allowed."""
    rng = random.Random(seed)
    stories = [facts for name, facts in golden.all_facts().items() if name.startswith("allow-")]
    stories += [golden.all_facts()[name] for name in ("deny-too-deep", "deny-over-budget")]
    for number in range(count):
        facts = msgspec.json.decode(rng.choice(stories))
        person = rng.randrange(40)
        facts["principal"] |= {"id": f"p-{person}", "name": f"person-{person}"}
        facts["project"]["name"] = rng.choice(PROJECTS)
        facts["time"]["unix_seconds"] += number
        for circuit in facts["circuits"]:
            circuit["depth"] = rng.randrange(1, 25_000)
        shots = rng.randrange(1, 20_000)
        facts["job"] |= {"total_shots": shots, "max_shots": shots}
        yield msgspec.json.encode(facts, order="sorted")


@dataclass
class Recorder:
    """Writes decisions into the ledger of an open house."""

    house: House
    project_id: str
    recorded: int = 0

    async def record(self, bundle: Bundle, facts: Iterable[bytes]) -> list[Decision]:
        """Archive a revision, decide by it, and record what it decided."""
        return [decision async for some in self.in_turn(bundle, facts) for decision in some]

    async def in_turn(
        self, bundle: Bundle, facts: Iterable[bytes], *, times: int = 1, workers: int = 2
    ) -> AsyncIterator[list[Decision]]:
        """Do the same and keep little in memory; each decision is recorded so many times, as so many submissions."""
        await self.house.revisions.archive(bundle, self.house.prices)
        told = iter(facts)
        async with BulkEngine(bundle, workers) as engine:
            while some := list(islice(told, _AT_ONCE)):
                decided = await engine.decide(some)
                for _ in range(times):
                    await asyncio.gather(*map(self._write, decided))
                yield decided

    async def _write(self, decision: Decision) -> None:
        at = self.house.clock.now()
        decision_id = uuid7(at, token_bytes(10))
        sealed = await self.house.vault.seal(
            project_id=self.project_id, object_id=decision_id, kind="facts", plaintext=decision.facts
        )
        type_, body = _body(self.house, decision, decision_id, sealed)
        draft = EntryDraft(
            event_id=uuid7(at, token_bytes(10)), type=type_, at=at, project_id=self.project_id, body=body
        )
        await self.house.ledger.record(draft, sealed=(sealed,))
        self.recorded += 1


def _body(house: House, decision: Decision, decision_id: str, sealed: SealedWrite) -> tuple[str, dict[str, Any]]:
    principal = json.loads(decision.facts).get("principal")
    person = str(principal.get("id")) if isinstance(principal, dict) else "nobody"
    body = {
        "principal": house.vault.subject(person),
        "key": house.vault.subject("k"),
        "dialect": "ibm",
        "program": "sampler",
        "backend_asked": "sim_line_5",
        "classification": "internal",
        "payload": {"digest": decision.facts_digest, "bytes": 2},
        "decision": {
            "id": decision_id,
            "engine": decision.engine,
            "policy_revision": decision.policy_revision,
            "data_revision": decision.data_revision,
            "facts_digest": decision.facts_digest,
            "outcome_digest": decision.outcome_digest,
            "warn": [finding.rule for finding in decision.warn],
            "microseconds": 1000,
        },
        "sealed": {"facts": {"object": decision_id, "digest": sealed.ciphertext_digest, "key_version": 1}},
    }
    if not decision.allow:
        return "job.denied", {**body, "deny": [finding.rule for finding in decision.deny]}
    job = {"job_id": decision_id, "client_job_id": f"c-{decision_id}", "attempt": 1, "placement": {}}
    obligations = [{"kind": each.kind, "parameters": each.parameters} for each in decision.obligations]
    return "job.permitted", {**body, **job, "obligations": obligations}
