"""Entries as enforcement writes them, put into a ledger with few words."""

from dataclasses import dataclass, field
from itertools import count

from gateway.audit.ledger import Ledger
from gateway.casework.administration import Administration
from gateway.casework.filters import wanted
from gateway.casework.projects import Terms
from gateway.casework.search import Search
from gateway.domain.ids import uuid7
from gateway.domain.search import Scope
from gateway.domain.writes import EntryDraft
from gateway.vault.vault import Vault
from tests.records import StillClock

PLACEMENT = {"upstream": "ibm", "backend": "ibm_fez", "kind": "hardware", "fallback": False, "reason": ""}
QUOTE = {"amount_micros": 9_000_000, "estimate_micros": 2_500_000, "currency": "EUR"}


@dataclass(kw_only=True)
class Library:
    """A ledger, and its search."""

    clock: StillClock
    ledger: Ledger
    vault: Vault
    administration: Administration
    search: Search
    projects: dict = field(default_factory=dict)
    people: dict = field(default_factory=dict)
    numbers: count = field(default_factory=count)

    @classmethod
    async def open(cls, **rooms):
        """Make projects and people."""
        library = cls(**rooms)
        for name in ("alpha", "beta"):
            made = await library.administration.projects.create(name=name, terms=Terms())
            library.projects[name] = str(made.id)
        for name in ("alice", "bob"):
            library.people[name] = str((await library.administration.principals.create(name=name)).id)
        return library

    def digest(self, name):
        """Whose digest the ledger has."""
        return self.vault.subject(self.people.get(name, name))

    async def tell(self, type_, project="alpha", **body):
        """Write an entry a second later; gives its place."""
        self.clock.advance(1)
        entropy = next(self.numbers).to_bytes(10)
        draft = EntryDraft(
            event_id=uuid7(self.clock.now(), entropy),
            type=type_,
            at=self.clock.now(),
            project_id=self.projects.get(project),
            body=body,
        )
        return (await self.ledger.record(draft)).seq

    def asked(self, who="alice", **more):
        """What every decision about a submission says."""
        return {
            "principal": self.digest(who),
            "key": self.vault.subject(f"key-of-{who}"),
            "dialect": "ibm",
            "program": "sampler",
            "backend_asked": "ibm_fez",
            "classification": "internal",
            "payload": {"digest": "ab" * 32, "bytes": 2},
            "decision": {"id": "d", "warn": []},
            **more,
        }

    async def permitted(self, job, project="alpha", who="alice", **more):
        """A job that may go."""
        body = {"job_id": job, "client_job_id": f"sdk-{job}", "attempt": 1, "placement": PLACEMENT, "quote": QUOTE}
        return await self.tell("job.permitted", project, **self.asked(who, **{**body, **more}))

    async def denied(self, *rules, project="alpha", who="alice", **more):
        """A job that may not."""
        return await self.tell("job.denied", project, **self.asked(who, **{"deny": list(rules), **more}))

    async def ended(self, job, project="alpha", *, how="completed", **more):
        """A job that ended."""
        body = {
            "job_id": job,
            "attempt": 1,
            "backend": "ibm_fez",
            "upstream": "ibm",
            "execution_kind": "hardware",
            "fallback": False,
            "cost": {"settled_micros": 3_250_000, "currency": "EUR"},
            "result": {},
            "summaries": [],
            "reason": "",
            **more,
        }
        return await self.tell(f"job.{how}", project, **body)

    async def seqs(self, scope=None, **given):
        """Which entries a filter finds, oldest first."""
        await self.search.index.follow()
        filters = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
        page = await self.search.find(wanted(filters), scope or Scope(), limit=500, ascending=True)
        return [each.seq for each in page.found]
