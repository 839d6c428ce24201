"""Undoing in results what policy had changed in a job: registers get their own names back, parts become one again.

It is told, and so is what cannot be undone, such as shots that were never run. A job that ran as it came is left alone.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.domain import restoring
from gateway.domain.changes import Undo
from gateway.domain.job import JobRecord
from gateway.domain.result import ProgramResult
from gateway.ports.dialect import Dialect
from gateway.vault.vault import Vault

LABEL = "changes"
"""Member of a result's metadata that lists what was changed, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restorer:
    """Puts results as they would be if nothing had been renamed, and nothing sent in parts."""

    dialects: Mapping[str, Dialect]
    vault: Vault

    async def result(self, job: JobRecord, result: ProgramResult) -> ProgramResult:
        """Restore a result in our own words."""
        if not job.obliged.words:
            return result
        own = restoring.restored(result, await self._undo(job))
        return replace(own, metadata={**own.metadata, LABEL: list(job.obliged.words)})

    async def documents(self, job: JobRecord, documents: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """Restore the documents of the vendor whose words the job's client speaks.

        Raises:
            ValueError: they are not what the vendor's format says.
        """
        if not job.obliged.words or "result" not in documents:
            return documents
        undo = await self._undo(job)
        submitted = await self.vault.open(object_id=job.id, kind="payload")
        dialect = self.dialects[job.dialect]
        return await asyncio.to_thread(dialect.restored, job, submitted, documents, undo)

    async def _undo(self, job: JobRecord) -> Undo:
        return restoring.read(await self.vault.open(object_id=job.id, kind=restoring.CHANGES))
