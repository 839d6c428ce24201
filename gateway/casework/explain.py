"""Why one recorded decision came out as it did: made again from its sealed facts by its archived revision.

For each rule that denied: what it is for, what it said, which facts and tables it looked at, and what would have to be
otherwise. Everything is worked out from what the ledger holds, however long ago it was. Another revision can be asked
what it would say, as a shadow or a candidate is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from gateway.casework.recorded import Recorded, Recordings
from gateway.casework.revisions import Revisions
from gateway.domain.approval import ApprovalRequest
from gateway.domain.decision import Decision, Finding
from gateway.domain.errors import RefusedError
from gateway.policy import metadata
from gateway.policy.bulk import BulkEngine
from gateway.policy.bundle import Bundle
from gateway.policy.levels import Levels
from gateway.policy.what_if import Causes, WhatIf
from gateway.store import approvals


class NothingToExplainError(RefusedError):
    """The facts of a decision cannot be opened any more, or nothing was decided."""

    code = "nothing-to-explain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule that denied or warned."""

    finding: Finding
    title: str
    description: str
    owner: str
    path: str
    """Of the file; empty for what the decision itself says."""
    level: str
    """How hard the rule was by the tables of then; empty for what the decision itself says."""
    causes: Causes = field(default_factory=Causes)
    """Of denials alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One decision, explained."""

    recorded: Recorded
    decision: Decision
    """As it was made again."""
    revision: str
    """That made it again."""
    as_recorded: bool | None
    """Whether it came out as the ledger has it: always, unless something is broken; null by another revision."""
    deny: tuple[Reason, ...]
    warn: tuple[Reason, ...]
    approval: ApprovalRequest | None
    """What a second person was asked, and said."""
    facts: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """Explains."""

    recordings: Recordings
    revisions: Revisions

    async def explain(self, name: str, *, by: Bundle | None = None) -> Explanation:
        """Explain the decision of an id, of a job or of an entry, as it was made or as others would make it.

        Raises:
            DecisionUnknownError: there is none.
            NothingToExplainError: its facts are gone, or the engine had failed.
            PolicyUnknownError, PolicyDamagedError: what it was made by is not in the archive as it was.
        """
        recorded = await self.recordings.find(name)
        if recorded.undecided:
            rules = ", ".join(recorded.deny)
            raise NothingToExplainError(f"nothing was decided ({rules}): the policy engine gave no answer that counts")
        if not recorded.facts:
            raise NothingToExplainError(recorded.problem)
        bundle = by or await self.revisions.bundle(*recorded.revision)
        async with WhatIf.engine(bundle) as engine:
            (decision,) = await engine.decide([recorded.facts])
            causes = await _causes(engine, recorded.facts, decision)
        return Explanation(
            recorded=recorded,
            decision=decision,
            revision=bundle.revision,
            as_recorded=_as_recorded(recorded, decision) if by is None else None,
            deny=tuple(_reason(bundle, each, causes) for each in decision.deny),
            warn=tuple(_reason(bundle, each, {}) for each in decision.warn),
            approval=await self._approval(recorded),
            facts=msgspec.json.decode(recorded.facts),
        )

    async def _approval(self, recorded: Recorded) -> ApprovalRequest | None:
        if recorded.job_id is None:
            return None
        async with self.recordings.database.reading() as connection:
            return await approvals.load(connection, recorded.job_id)


def _as_recorded(recorded: Recorded, decision: Decision) -> bool:
    """Compare; where a condition could not be met the ledger has the denial, and policy had let it go."""
    return recorded.made_again(decision) or (recorded.unkept and decision.allow)


async def _causes(engine: BulkEngine, facts: bytes, decision: Decision) -> Mapping[str, Causes]:
    rules = dict.fromkeys(each.rule for each in decision.deny)
    return await WhatIf(engine, msgspec.json.decode(facts)).causes(rules) if rules else {}


def _reason(bundle: Bundle, finding: Finding, causes: Mapping[str, Causes]) -> Reason:
    area, _, rule = finding.rule.replace("-", "_").partition("/")
    path = f"gateway/rules/{area}/{rule}/{rule}.rego"
    about = metadata.read(bundle.rego.get(path, ""))
    return Reason(
        finding=finding,
        title=about.title,
        description=about.description,
        owner=about.owner,
        path=path if path in bundle.rego else "",
        level=str(Levels.of(bundle).row(finding.rule)) if path in bundle.rego else "",
        causes=causes.get(finding.rule, Causes()),
    )
