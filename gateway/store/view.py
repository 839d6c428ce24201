"""What polls and authentication are answered from: memory, written only after commit.

Nothing here is the truth; the database is. A view is at most as old as its last `refresh`.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from gateway.domain.ids import PrincipalId, ProjectId
from gateway.domain.job import JobRecord
from gateway.domain.principal import Key, Principal, Project
from gateway.ports.vendor import Account
from gateway.store import accounts, jobs, keys, principals, projects
from gateway.store.engine import Database
from gateway.store.keys import StoredKey

JOBS: Final = 20_000
"""Ended jobs kept in memory; those that have not ended are always kept."""


class JobView:
    """Jobs by the id their client knows. Ended jobs make room, the one longest unread first."""

    def __init__(self, database: Database, *, capacity: int = JOBS, shared: bool = False) -> None:
        self._database = database
        self._capacity = capacity
        self._shared = shared
        self._own: set[str] = set()
        """Among several replicas, by our own id: jobs that are followed here, so that memory is newer than the row."""
        self._unfinished: dict[str, JobRecord] = {}
        self._ended: OrderedDict[str, JobRecord] = OrderedDict()
        self._client_ids: dict[str, str] = {}
        self._waiting: Counter[tuple[str, str]] = Counter()
        """How many have not ended, by noun and its id: policy asks at every submission."""

    def get(self, client_job_id: str) -> JobRecord | None:
        """Look into memory only."""
        if record := self._unfinished.get(client_job_id):
            return record
        if record := self._ended.get(client_job_id):
            self._ended.move_to_end(client_job_id)
        return record

    async def find(self, client_job_id: str) -> JobRecord | None:
        """Look into memory, then into the database."""
        if known := self.get(client_job_id):
            return known
        async with self._database.reading() as connection:
            return self._learn(await jobs.load(connection, client_job_id))

    async def find_by_id(self, job_id: str) -> JobRecord | None:
        """Look a job up by our own id, in memory and then in the database."""
        if known := self.get(self._client_ids.get(job_id, "")):
            return known
        async with self._database.reading() as connection:
            return self._learn(await jobs.by_id(connection, job_id))

    def put(self, record: JobRecord) -> None:
        """Show a job as it was just committed."""
        self._forget(record)
        self._client_ids[record.id] = record.client_job_id
        if not record.status.final:
            self._unfinished[record.client_job_id] = record
            self._waiting.update(_nouns(record))
            return
        self._own.discard(record.id)
        self._ended[record.client_job_id] = record
        if len(self._ended) > self._capacity:
            self._forget(next(iter(self._ended.values())))

    def own(self, job_id: str) -> None:
        """Follow a job here from now on, until it has ended."""
        if self._shared:
            self._own.add(job_id)

    def owns(self, job_id: str) -> bool:
        """Say whether a job is followed here; where there is only one process, all are."""
        return not self._shared or job_id in self._own

    async def look_again(self, job_ids: Iterable[str]) -> None:
        """Take in jobs that other replicas changed."""
        async with self._database.reading() as connection:
            records = await jobs.by_ids(connection, job_ids)
        for record in records:
            self._take_in(record)

    async def catch_up(self) -> None:
        """Take in whatever other replicas changed, where nobody can say what that was."""
        async with self._database.reading() as connection:
            unfinished = await jobs.unfinished(connection)
        for record in unfinished:
            self._take_in(record)
        still = {record.id for record in unfinished}
        await self.look_again([job.id for job in self.under_way() if job.id not in still])

    def _take_in(self, record: JobRecord) -> None:
        known = self.get(record.client_job_id)
        if known is None:
            if not record.status.final:
                self.put(record)
        elif record.status.final or not (known.status.final or (self._shared and record.id in self._own)):
            self.put(record)
        else:
            # Here it is newer than what was read; only its caller may have changed something elsewhere.
            self.put(replace(known, tags=record.tags, deleted=record.deleted))

    def under_way(self) -> list[JobRecord]:
        """List every job that has not ended."""
        return list(self._unfinished.values())

    def unfinished(self, principal_id: str, project_id: str) -> tuple[int, int]:
        """Count the jobs that have not ended: the principal's, and the project's."""
        return self._waiting["principal", principal_id], self._waiting["project", project_id]

    async def refresh(self) -> None:
        """Begin with every job that has not ended; before the first request, as nothing here is kept."""
        async with self._database.reading() as connection:
            records = await jobs.unfinished(connection)
        for view in (self._unfinished, self._ended, self._client_ids, self._waiting):
            view.clear()
        for record in records:
            self.put(record)

    def __len__(self) -> int:
        """How many jobs are in memory."""
        return len(self._client_ids)

    def _learn(self, read: JobRecord | None) -> JobRecord | None:
        if read is None:
            return None
        # While the database was read, a commit may have shown something newer here.
        newer = self.get(read.client_job_id)
        if newer is None:
            self.put(read)
        return newer or read

    def _forget(self, record: JobRecord) -> None:
        if waiting := self._unfinished.pop(record.client_job_id, None):
            for noun in _nouns(waiting):
                self._waiting[noun] -= 1
                if not self._waiting[noun]:
                    del self._waiting[noun]
        self._ended.pop(record.client_job_id, None)
        self._client_ids.pop(record.id, None)


def _nouns(record: JobRecord) -> tuple[tuple[str, str], ...]:
    return ("principal", record.principal_id), ("project", record.project_id)


class IdentityView:
    """Every key, principal and project, so that a request is authenticated without a query."""

    def __init__(self, database: Database, opened: principals.Opener = principals.sealed_as_it_is) -> None:
        self._database, self._opened = database, opened
        self._keys: dict[str, StoredKey] = {}
        self._principals: dict[str, Principal] = {}
        self._projects: dict[str, Project] = {}

    def key(self, key_id: str) -> Key | None:
        """Look a key up by its public part."""
        stored = self._keys.get(key_id)
        return None if stored is None else stored.key

    def stored_key(self, key_id: str) -> StoredKey | None:
        """Look a key up with what it is recognised by."""
        return self._keys.get(key_id)

    def keys_of(self, principal_id: PrincipalId) -> list[Key]:
        """List a principal's keys, also those that are over."""
        return [each.key for each in self._keys.values() if each.key.principal_id == principal_id]

    def principal(self, principal_id: PrincipalId) -> Principal | None:
        """Look a principal up."""
        return self._principals.get(principal_id)

    def principal_named(self, name: str) -> Principal | None:
        """Look a principal up by its exact name."""
        return next((each for each in self._principals.values() if each.name == name), None)

    def project(self, project_id: ProjectId) -> Project | None:
        """Look a project up."""
        return self._projects.get(project_id)

    async def refresh(self) -> None:
        """Read everything again: after a commit that changed it, and when others wrote."""
        async with self._database.reading() as connection:
            all_keys = await keys.every(connection)
            all_principals = await principals.every(connection, self._opened)
            all_projects = await projects.every(connection)
        # Assigned after the last await: nobody sees half of a refresh.
        self._keys = {each.key.id: each for each in all_keys}
        self._principals = {each.id: each for each in all_principals}
        self._projects = {each.id: each for each in all_projects}


class AccountView:
    """Every account at a vendor, so that a job is prepared and followed without a query."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Account] = {}
        self._live: tuple[Account, ...] = ()
        self._used: dict[tuple[str, str | None], Account] = {}

    def account(self, vendor: str, project_id: str | None) -> Account | None:
        """Give the account that new jobs use: the project's newest, else everybody's newest."""
        return self._used.get((vendor, project_id)) or self._used.get((vendor, None))

    def by_id(self, account_id: str) -> Account | None:
        """Look an account up, also one that was removed."""
        return self._known.get(account_id)

    def live(self, vendor: str) -> Sequence[Account]:
        """List a vendor's accounts that were not removed, oldest first."""
        return tuple(each for each in self._live if each.vendor == vendor)

    async def refresh(self) -> None:
        """Read everything again: at the start, and when others wrote."""
        async with self._database.reading() as connection:
            stored = await accounts.every(connection)
        self._known = {each.account.id: each.account for each in stored}
        self._live = tuple(each.account for each in stored if each.removed_at is None)
        # Oldest first, so that the newest stays.
        self._used = {(each.vendor, each.project_id): each for each in self._live}
