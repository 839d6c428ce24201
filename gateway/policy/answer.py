"""An engine's answer becomes a `Decision`, or a denial that says what was wrong with the answer.

Undefined is not allow. Nothing but a whole, well-typed decision object counts: a true `allow` beside a
denial, without a placement, or with an obligation nobody knows, is a denial with an `engine/…` rule.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import msgspec

from gateway.domain.decision import Decision, Finding, Obligation, PlacementKind, PolicyPlacement
from gateway.domain.errors import InsecureError
from gateway.policy import obligations
from gateway.policy.bundle import Bundle, SelfTest

SELF_TEST = "self-test"
"""Id of decisions on what is known, which are no submission's."""
NOBODY = frozenset({"engine/timeout", "engine/unavailable", "engine/revision"})
"""Rules of denials because nobody who holds the policies got to speak."""
_OPERATOR = "nothing was forwarded; try again, and tell the operator of the gateway if it happens again"


class PolicyEngineError(InsecureError):
    """The engine cannot use the policies, or decides its self-test wrongly."""

    code = "policy-engine"


class _Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: str
    message: str
    remedy: str


class _Placement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Literal["requested", "simulator"]
    reason: str


class _Obligation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    parameters: dict[str, Any]


class _Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The decision object of `data.gateway.main.decision`; every key must be there."""

    allow: bool
    deny: list[_Finding]
    warn: list[_Finding]
    placement: _Placement | None
    obligations: list[_Obligation]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question to an engine; it turns whatever comes back into a decision."""

    id: str
    facts: bytes = field(repr=False)
    engine: str
    bundle: Bundle = field(repr=False)

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self.facts).hexdigest()

    def answered(self, document: object, milliseconds: float) -> Decision:
        """Read what the engine said."""
        try:
            answer = msgspec.convert(document, _Answer)
        except msgspec.ValidationError as error:
            return self.refused("engine/malformed", f"the policy engine gave no decision: {error}", milliseconds)
        if problem := _contradiction(answer):
            return self.refused(*problem, milliseconds)
        return self._decision(
            allow=answer.allow,
            deny=_findings(answer.deny),
            warn=_findings(answer.warn),
            placement=_placement(answer.placement),
            obligations=_obligations(answer.obligations),
            milliseconds=milliseconds,
        )

    def refused(self, rule: str, message: str, milliseconds: float) -> Decision:
        """Deny because the engine gave no answer that counts."""
        finding = Finding(rule=rule, message=message, remedy=_OPERATOR)
        return self._decision(allow=False, deny=(finding,), milliseconds=milliseconds)

    def _decision(
        self,
        *,
        allow: bool,
        deny: tuple[Finding, ...],
        milliseconds: float,
        warn: tuple[Finding, ...] = (),
        placement: PolicyPlacement | None = None,
        obligations: tuple[Obligation, ...] = (),
    ) -> Decision:
        return Decision(
            id=self.id,
            allow=allow,
            deny=deny,
            warn=warn,
            placement=placement,
            obligations=obligations,
            engine=self.engine,
            policy_revision=self.bundle.policy_revision,
            data_revision=self.bundle.data_revision,
            facts_digest=self._digest,
            facts=self.facts,
            milliseconds=milliseconds,
        )


def check_selftest(known: SelfTest, decision: Decision) -> None:
    """Compare a decision with what is known.

    Raises:
        PolicyEngineError: they differ; the message holds the first denial.
    """
    if decision.allow != known.allow:
        found = "allowed" if decision.allow else f"denied by {decision.deny[0].rule} ({decision.deny[0].message})"
        raise PolicyEngineError(
            f"the self-test {known.name} should be {'allowed' if known.allow else 'denied'} and was {found}; mend the "
            f"policies, or put a selftest/{known.name}.json that fits them into the overrides"
        )
    if silent := sorted(set(known.deny) - {finding.rule for finding in decision.deny}):
        raise PolicyEngineError(
            f"the self-test {known.name} should be denied by {silent[0]} and was not; mend that rule, or put a "
            f"selftest/{known.name}.json that fits the policies into the overrides"
        )


def _contradiction(answer: _Answer) -> tuple[str, str] | None:
    """Find what makes an answer no decision: rule id and words."""
    if answer.allow and answer.deny:
        return "engine/malformed", f"the policies allow the job and deny it ({answer.deny[0].rule})"
    if answer.allow and answer.placement is None:
        return "engine/malformed", "the policies allow the job and give it no place to run"
    if not answer.allow and not answer.deny:
        return "engine/malformed", "the policies deny the job without a reason"
    for each in answer.obligations:
        if not obligations.kept(each.kind, each.parameters):
            return "engine/obligation", f"the policies oblige the gateway to {each.kind!r}, which it cannot keep"
    return None


def _findings(found: Sequence[_Finding]) -> tuple[Finding, ...]:
    return tuple(Finding(rule=each.rule, message=each.message, remedy=each.remedy) for each in found)


def _placement(found: _Placement | None) -> PolicyPlacement | None:
    return None if found is None else PolicyPlacement(kind=PlacementKind(found.kind), reason=found.reason)


def _obligations(found: Sequence[_Obligation]) -> tuple[Obligation, ...]:
    """Order them here: engines order sets of objects differently."""
    ordered = sorted(found, key=lambda each: msgspec.json.encode(each, order="sorted"))
    return tuple(Obligation(kind=each.kind, parameters=each.parameters) for each in ordered)
