"""The rooms of a deployment opened in this process, to measure one of them alone on a real submission."""

from dataclasses import dataclass

from gateway.domain.circuit import ProgramFacts
from gateway.domain.decision import Decision
from gateway.domain.principal import Caller
from gateway.domain.secret import Secret
from gateway.domain.submission import Submission
from gateway.domain.writes import Committed
from gateway.enforcement.entries import Entries
from gateway.ports.dialect import ApiKey, WireRequest
from gateway.ports.operations import Submit
from gateway.wiring import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One submission, and the parts that handle it, one by one."""

    house: House
    caller: Caller
    submission: Submission
    facts: bytes

    @classmethod
    async def of(cls, house: House, key: str, body: bytes) -> "Parts":
        """Take a submission as far as its facts."""
        serving = house.serving
        caller = await serving.gate.identify(ApiKey(Secret.of(key)))
        headers = {"content-type": "application/json"}
        request = WireRequest(method="POST", path="/api/v1/jobs", query=(), headers=headers, body=body)
        operation = house.dialects["ibm"].operation(request)
        assert isinstance(operation, Submit)
        survey = await serving.gate.submitter.judge.surveyor.survey(caller, operation.submission)
        return cls(house=house, caller=caller, submission=operation.submission, facts=survey.facts)

    async def decode(self) -> ProgramFacts:
        """Read and measure the circuits in the sandbox."""
        return await self.house.serving.sandbox.measure(
            reader=self.submission.dialect,
            body=self.submission.body,
            project_id=self.caller.project.id,
            principal_id=self.caller.principal.id,
            rules=self.house.bundle.leak_rules,
        )

    async def decide(self) -> Decision:
        """Ask the policy engine."""
        return await self.house.serving.decision_point.decide(self.facts, decision_id="bench")

    async def append(self) -> Committed:
        """Make one plain entry durable."""
        entries = Entries(clock=self.house.clock, subject=self.house.vault.subject)
        draft = entries.by("results.read", self.caller, job_id=self.submission.body_digest)
        return await self.house.ledger.record(draft)
