"""A deployment with work in it, on either database: what retention, erasure and fsck are tried on."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes

from gateway.audit.keyring import Keyring
from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.audit.pin import Pin
from gateway.audit.publish import Checkpoints, Pace
from gateway.audit.tree import Tree
from gateway.casework.administration import Administration
from gateway.casework.disposal import Disposal
from gateway.casework.erasure import Erasure
from gateway.casework.fsck.whole import Fsck
from gateway.casework.index import Index
from gateway.casework.inspection import Inspection
from gateway.casework.legal_holds import LegalHolds
from gateway.casework.projects import Terms
from gateway.casework.proving import Proving
from gateway.casework.retention import Days, Retention, Rules
from gateway.domain.backend import ExecutionKind
from gateway.domain.decision import Placement
from gateway.domain.ids import uuid7
from gateway.domain.job import JobStatus
from gateway.domain.principal import Principal, Project
from gateway.domain.writes import AttemptUpdate, EntryDraft
from gateway.identity.api_keys import Peppers
from gateway.store.commit import Writer
from gateway.store.engine import Database
from gateway.telemetry.metrics import Metrics
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import Locks
from gateway.vault.vault import Vault
from tests import records

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = Rules(every=Days(payloads=30, results=60, facts=90), entries=120)
PLACE = Placement(upstream="aer", backend="sim_line_5", kind=ExecutionKind.SIMULATOR, fallback=False, reason="")


class Watch:
    """Stands still but for a second each time it is asked; `later` lets days pass."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=10)
        return self.moment

    def later(self, *, days: int) -> None:
        self.moment += timedelta(days=days)


@dataclass
class Archive:
    """Everything that keeps and forgets, over one database."""

    database: Database
    directory: Path
    clock: Watch
    vault: Vault
    writer: Writer
    ledger: Ledger
    administration: Administration
    log: Checkpoints
    seen: list[int | None] = field(default_factory=lambda: [None])

    @property
    def entries(self):
        return self.administration.projects.entries

    @property
    def disposal(self):
        async def seen(place):
            return self.seen[0] is None or place < self.seen[0]

        return Disposal(database=self.database, vault=self.vault, clock=self.clock, seen=seen)

    @property
    def erasure(self):
        return Erasure(**self._people, disposal=self.disposal)

    @property
    def legal_holds(self):
        return LegalHolds(**self._people)

    def retention(self, rules=RULES):
        return Retention(
            database=self.database, entries=self.entries, clock=self.clock, rules=rules, disposal=self.disposal
        )

    @property
    def inspection(self):
        return Inspection(self.database, self.vault)

    @property
    def proving(self):
        return Proving(log=self.log, witnesses={}, required=0)

    def fsck(self):
        return Fsck(
            database=self.database,
            vault=self.vault,
            proving=self.proving,
            index=Index(database=self.database),
            budgets=self.administration.budgets,
        )

    async def found(self):
        """What fsck finds: codes and places."""
        return [(each.code, each.where) async for each in self.fsck().check()]

    @property
    def _people(self):
        return {
            "database": self.database,
            "entries": self.entries,
            "clock": self.clock,
            "projects": self.administration.projects,
            "principals": self.administration.principals,
        }

    def id(self):
        return uuid7(self.clock.now(), token_bytes(10))

    async def person(self, name) -> Principal:
        return await self.administration.principals.create(name=name)

    async def project(self, name) -> Project:
        return await self.administration.projects.create(name=name, terms=Terms(team="research"))

    async def job(self, who, project, *, payload=b"a circuit", end=True):
        """Permit a job, and let it end with a result: all of it sealed, all of it recorded."""
        now, decision = self.clock.now(), self.id()
        facts = f'{{"principal":{{"name":"{who.name}"}}}}'.encode()
        job = records.job(
            id=self.id(),
            project_id=project.id,
            principal_id=who.id,
            decision_id=decision,
            created_at=now,
            payload_digest=sha256(payload).hexdigest(),
        )
        sealed = {
            "payload": await self._seal(project, job.id, "payload", payload),
            "facts": await self._seal(project, decision, "facts", facts),
        }
        body = self._asked(who, job, payload) | {
            "job_id": job.id,
            "client_job_id": job.client_job_id,
            "attempt": 1,
            "placement": {"backend": "sim_line_5"},
            "sealed": {
                kind: {"object": each.object_id, "digest": each.ciphertext_digest} for kind, each in sealed.items()
            },
        }
        draft = self._draft("job.permitted", project, body)
        await self.ledger.permit(draft, job=job, placement=PLACE, sealed=tuple(sealed.values()))
        return await self.end(job, project) if end else job

    async def end(self, job, project):
        result = await self._seal(project, job.id, "result", b"counts of " + job.id.encode())
        ended = records.replace(job, status=JobStatus.COMPLETED, finished_at=self.clock.now())
        body = {"job_id": job.id, "attempt": 1, "backend": "sim_line_5", "upstream": "aer"}
        told = {"execution_kind": "simulator", "result": {"digest": result.ciphertext_digest}, "summaries": []}
        done = AttemptUpdate(job_id=job.id, attempt=1, state="done", vendor_job_id=None)
        draft = self._draft("job.completed", project, {**body, **told})
        await self.ledger.record(draft, job=ended, attempt=done, sealed=(result,))
        return ended

    async def denied(self, who, project):
        """Deny somebody a job; gives the decision's id, under which the facts are sealed."""
        job = records.job(decision_id=self.id())
        facts = await self._seal(project, job.decision_id, "facts", who.name.encode())
        body = self._asked(who, job, b"") | {
            "deny": ["budget/money"],
            "sealed": {"facts": {"object": facts.object_id, "digest": facts.ciphertext_digest}},
        }
        await self.ledger.record(self._draft("job.denied", project, body), sealed=(facts,))
        return job.decision_id

    async def sign(self):
        await self.log.keyring.ensure()
        return await self.log.sign()

    def _asked(self, who, job, payload):
        return {
            "principal": self.vault.subject(who.id),
            "key": "k",
            "dialect": "ibm",
            "program": "sampler",
            "backend_asked": "sim_line_5",
            "classification": "internal",
            "payload": {"digest": sha256(payload).hexdigest(), "bytes": len(payload)},
            "decision": {"id": job.decision_id},
        }

    def _draft(self, type_, project, body):
        return EntryDraft(event_id=self.id(), type=type_, at=self.clock.now(), project_id=project.id, body=body)

    async def _seal(self, project, object_id, kind, plaintext):
        return await self.vault.seal(project_id=project.id, object_id=object_id, kind=kind, plaintext=plaintext)


async def opened(database, directory, clock) -> Archive:
    """Open an archive over a database; keys are made in the directory where there are none."""
    if not (directory / "master.key").exists():
        create_master_key(directory / "master.key")
    locks = Locks.create(directory / "erasure.key")
    vault = Vault(database, FileKeyProvider(directory / "master.key"), clock, locks)
    await vault.start()
    writer = Writer(database, MerkleChain())
    await writer.start()
    ledger = Ledger(writer, clock)
    await ledger.open("test", create=True)
    administration = Administration(
        database=database,
        ledger=ledger,
        vault=vault,
        peppers=Peppers(vault),
        roles={"scientist": ()},
        adapters={},
        clock=clock,
    )
    log = Checkpoints(
        database=database,
        tree=Tree(database),
        keyring=Keyring(database=database, ledger=ledger, secret=vault.secret, clock=clock, origin="test"),
        pin=Pin(directory),
        clock=clock,
        metrics=Metrics().witnesses,
        pace=Pace(every=timedelta(seconds=10), entries=1000),
    )
    return Archive(database, directory, clock, vault, writer, ledger, administration, log)
