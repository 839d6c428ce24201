"""Which request means which operation."""

import pytest

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.malformed import UnknownOperationError
from gateway.ports import operations as ask
from gateway.ports.dialect import WireRequest

DIALECT = IbmDialect(IbmSettings())


def read(method, path, *, query=(), headers=None, body=b""):
    return DIALECT.operation(WireRequest(method=method, path=path, query=query, headers=headers or {}, body=body))


@pytest.mark.parametrize(
    ("version", "detailed"),
    [
        pytest.param("2024-01-01", False, id="SDK 0.40 and older wants bare names"),
        pytest.param("2025-04-30", False, id="the day before"),
        pytest.param("2025-05-01", True, id="the day of the change"),
        pytest.param("2026-04-15", True, id="SDK 0.49 to 0.51"),
    ],
)
def test_old_clients_get_names_only(version, detailed):
    operation = read("GET", "/api/v1/backends", headers={"ibm-api-version": version})

    assert operation == ask.ListBackends(detailed=detailed)


def test_a_client_that_states_no_version_gets_everything():
    assert read("GET", "/api/v1/backends") == ask.ListBackends(detailed=True)


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        pytest.param((), True, id="nothing said"),
        pytest.param((("exclude_params", "true"),), False, id="as the SDK polls"),
        pytest.param((("exclude_params", "false"),), True, id="said so"),
    ],
)
def test_a_job_is_shown_with_parameters_unless_told_otherwise(query, parameters):
    assert read("GET", "/api/v1/jobs/d1", query=query) == ask.ShowJob(client_job_id="d1", parameters=parameters)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/", id="the mount itself"),
        pytest.param("/api/v1/workloads", id="workloads, which no public class of the SDK uses"),
        pytest.param("/api/v1/jobs/..", id="a dot segment as id"),
        pytest.param("/api/v1/jobs/../results", id="a dot segment before more"),
        pytest.param("/api/v1/jobs/./metrics", id="a single dot"),
        pytest.param("/api/v1/jobs/a%2fb", id="a percent-encoded slash"),
        pytest.param("/api/v1/jobs/a b", id="a space"),
        pytest.param("/api/v1/jobs/" + "a" * 129, id="an id that is too long"),
        pytest.param("/api/v1/jobs//results", id="no id"),
        pytest.param("/api/v2/jobs", id="another version of the API"),
        pytest.param("/api/v1/jobs\n", id="a line end"),
    ],
)
def test_unknown_paths_are_refused_with_what_is_supported(path):
    with pytest.raises(UnknownOperationError) as refused:
        read("GET", path)

    assert "jobs/{id}/results" in refused.value.message
    assert "a%2fb" not in refused.value.message


def test_a_known_path_names_the_methods_it_takes():
    with pytest.raises(UnknownOperationError, match="takes only DELETE, GET"):
        read("PUT", "/api/v1/jobs/d1")


def test_closing_a_session_leaves_its_jobs_and_cancelling_does_not():
    closed = read("PATCH", "/api/v1/sessions/s1", body=b'{"accepting_jobs": false}')
    cancelled = read("DELETE", "/api/v1/sessions/s1/close")

    assert closed == ask.CloseSession(session_id="s1", cancel=False)
    assert cancelled == ask.CloseSession(session_id="s1", cancel=True)


def test_tags_can_be_sent_back_as_they_were_shown():
    """The label is not the user's own tag, and sending it back must not store it."""
    body = b'{"tags": ["mine", "qgw:execution=hardware"]}'

    assert read("PUT", "/api/v1/jobs/d1/tags", body=body) == ask.TagJob(client_job_id="d1", tags=("mine",))


def test_a_session_is_opened_with_all_the_sdk_says():
    body = b'{"mode": "batch", "backend": "sim_line_5", "instance": "crn:v1:x", "max_ttl": 3600}'

    assert read("POST", "/api/v1/sessions", body=body) == ask.OpenSession(
        backend="sim_line_5", mode="batch", max_ttl_seconds=3600
    )


def test_an_opening_carries_its_clients_own_token():
    body, headers = b'{"mode": "batch", "backend": "sim_line_5"}', {"idempotency-key": "night-7"}

    assert read("POST", "/api/v1/sessions", body=body, headers=headers).repeat_token == "night-7"
