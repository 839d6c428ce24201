"""Letters that ask for an approval: for every job of people, and for none of the self-test."""

from dataclasses import replace

from gateway.casework.letters import ask_for_approval
from gateway.domain.approval import ApprovalRequest, ApprovalState
from gateway.domain.ids import PrincipalId
from gateway.domain.synthetic import PROJECT
from tests import records

JOB = records.job()

REQUEST = ApprovalRequest(
    job_id=JOB.id,
    client_job_id=JOB.client_job_id,
    project_id=JOB.project_id,
    principal_id=PrincipalId("ada"),
    state=ApprovalState.WAITING,
    demands=(),
    backend=JOB.backend,
    amount_micros=None,
    currency="",
    event_id="asked",
    asked_at=JOB.created_at,
    expires_at=JOB.created_at,
)


def test_people_are_asked_and_nobody_about_the_self_test():
    def webhooks(job):
        return [each.values["webhook"] for each in ask_for_approval(("pager", "siem"), "gw", REQUEST, job)]

    assert webhooks(JOB) == ["pager", "siem"]
    assert webhooks(replace(JOB, project_id=PROJECT)) == []
