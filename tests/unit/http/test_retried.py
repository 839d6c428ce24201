"""What a refused submission is answered with, against what each stock SDK would post again by itself."""

import pytest

from gateway.enforcement.repeats import TokenReusedError
from gateway.enforcement.void import TokenUnsettledError
from gateway.http.problems import status_of
from gateway.ports import registry
from gateway.ports.dialect import WireRequest

SERVER_ERRORS = {500, 502, 503, 504}
REPEATED = {
    "ibm": SERVER_ERRORS | {520, 521, 522, 524},
    "ionq": {429, 502, 503, 504, *range(520, 530)},
    "braket": SERVER_ERRORS | {429},
}
"""Statuses on which an SDK sends a submission again; docs/reference/retries.md says how that was found."""
PATHS = {"ibm": "/api/v1/jobs", "ionq": "/v0.4/jobs", "braket": "/quantum-task"}


def answered(name, error):
    """Write an error as a dialect does; gives the status."""
    adapter = registry.installed()[name]
    request = WireRequest(method="POST", path=PATHS[name], query=(), headers={}, body=b"{}")
    dialect = adapter.dialect(adapter.settings())
    return dialect.refuse(request, error, status=status_of(error), request_id="request-1").status


@pytest.mark.parametrize("name", sorted(REPEATED))
def test_no_sdk_hammers_a_token_that_stands_for_other_work(name):
    """Asking again changes nothing."""
    status = answered(name, TokenReusedError(client_job_id="job-1"))

    assert 400 <= status < 500
    assert status not in REPEATED[name]


@pytest.mark.parametrize(("name", "again"), [("ibm", True), ("ionq", False), ("braket", True)])
def test_a_token_that_is_free_in_a_moment_is_asked_for_again_where_that_is_not_at_once(name, again):
    """`qiskit-ionq` would be back four times before anything could have changed."""
    assert (answered(name, TokenUnsettledError()) in REPEATED[name]) is again
