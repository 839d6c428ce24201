"""Which request means which operation."""

import json
from dataclasses import replace

import pytest

from adapters.ionq import IonqDialect, IonqSettings, asked, ids
from gateway.domain.errors import RefusedError
from gateway.ports import operations as ask
from gateway.ports.dialect import ApiKey, WireRequest

DIALECT = IonqDialect(IonqSettings(page_limit=50))
JOB = ids.parent(bytes(16))
CHILD = ids.child(JOB, 2)
EVERY = ask.ListJobs(limit=50, parameters=True)


def request(method, path, *, body=b"", headers=None, **query):
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    return WireRequest(method=method, path=path, query=tuple(query.items()), headers=headers or {}, body=content)


def read(method, path, **rest):
    return DIALECT.operation(request(method, path, **rest))


def refusal(method, path, **rest):
    with pytest.raises(RefusedError) as refused:
        read(method, path, **rest)
    return refused.value


@pytest.mark.parametrize(
    ("path", "query", "operation"),
    [
        pytest.param(f"/jobs/{JOB}", {}, ask.ShowJob(client_job_id=JOB, parameters=True), id="a job"),
        pytest.param(
            f"/jobs/{CHILD}", {}, asked.ShowChild(client_job_id=JOB, parameters=True, index=2), id="one circuit of it"
        ),
        pytest.param(
            f"/jobs/{JOB}/results/probabilities", {}, ask.ShowResults(client_job_id=JOB), id="its probabilities"
        ),
        pytest.param(
            f"/jobs/{JOB}/results/probabilities",
            {"sharpen": "True"},
            ask.ShowResults(client_job_id=JOB, document="sharpened"),
            id="sharpened",
        ),
        pytest.param(
            f"/jobs/{JOB}/results/probabilities",
            {"sharpen": "false"},
            ask.ShowResults(client_job_id=JOB),
            id="not sharpened",
        ),
        pytest.param(
            f"/jobs/{JOB}/results/probabilities/aggregated",
            {},
            ask.ShowResults(client_job_id=JOB),
            id="those of all circuits",
        ),
        pytest.param(
            f"/jobs/{CHILD}/results/shots",
            {},
            asked.ShowPart(client_job_id=JOB, document="children-shots", key="2"),
            id="the shots of one circuit",
        ),
        pytest.param(
            f"/jobs/{JOB}/variants/{CHILD}/results/histogram",
            {},
            asked.ShowPart(client_job_id=JOB, document="variants-histogram", key="2"),
            id="the histogram of a variant",
        ),
        pytest.param(
            f"/jobs/{JOB}/artifacts/ionq.result.shots.json.v2",
            {},
            ask.ShowResults(client_job_id=JOB, document="ionq.result.shots.json.v2"),
            id="an artifact",
        ),
        pytest.param(
            f"/jobs/{JOB}/circuits/native",
            {},
            ask.ShowResults(client_job_id=JOB, document="circuit-native"),
            id="a compiled circuit",
        ),
        pytest.param("/jobs", {}, EVERY, id="all jobs"),
        pytest.param(
            "/jobs",
            {"status": "queued", "target": "simulator", "session_id": "s", "limit": "7", "next": "14"},
            ask.ListJobs(
                limit=7,
                offset=14,
                backend="sim_heavyhex_127",
                session_id="s",
                parameters=True,
                statuses=("awaiting", "permitted", "queued"),
            ),
            id="some jobs",
        ),
        pytest.param("/jobs", {"limit": "1000"}, EVERY, id="more than a page"),
        pytest.param(
            "/jobs",
            {"parent_job_id": CHILD},
            asked.ListChildren(client_job_id=JOB, parameters=True),
            id="the circuits of a job",
        ),
        pytest.param("/sessions/s/jobs", {}, replace(EVERY, session_id="s"), id="a session's jobs"),
        pytest.param(
            "/sessions",
            {"active": "true"},
            ask.ListSessions(backend=None, active=True, limit=50, offset=0),
            id="open sessions",
        ),
        pytest.param(
            "/backends/qpu.sim_line_5/characterizations",
            {"limit": "2", "page": "3"},
            ask.ListCalibrations(backend="sim_line_5", after=None, before=None, limit=2, offset=4),
            id="the third page of characterizations",
        ),
        pytest.param(
            "/backends/qpu.sim_line_5/characterizations/c0ffee00-0000-0000-0000-000000000000",
            {},
            ask.ShowCalibration(
                backend="sim_line_5", before=None, calibration_id="c0ffee00000000000000000000000000"
            ),
            id="one characterization",
        ),
    ],
)  # fmt: skip
def test_a_get_means_one_operation(path, query, operation):
    assert read("GET", path, **query) == operation


def test_an_estimate_knows_how_long_gates_take():
    operation = read(
        "GET", "/jobs/estimate", **{"backend": "qpu.forte-1", "shots": "100", "1q_gates": "10", "2q_gates": "2"}
    )

    assert operation.backend == "qpu.forte-1"
    assert operation.seconds == pytest.approx(100 * (10 * 130e-6 + 2 * 970e-6 + 150e-6))
    assert operation.inputs["2q_gates"] == 2
    assert (operation.one_qubit_gates, operation.two_qubit_gates, operation.mitigated) == (10, 2, False)


def test_bulk_operations_name_whole_jobs():
    body = {"ids": [JOB, "other"]}

    assert read("PUT", "/jobs/status/cancel", body=body) == ask.CancelJobs(client_job_ids=(JOB, "other"))
    assert read("DELETE", "/jobs", body=body) == ask.DeleteJobs(client_job_ids=(JOB, "other"))


def test_a_session_may_have_a_time_limit_and_no_other():
    limited = read("POST", "/sessions", body={"backend": "ionq_simulator", "settings": {"duration_limit_min": 5}})

    assert (limited.backend, limited.max_ttl_seconds) == ("sim_heavyhex_127", 300)
    assert limited.echo == {"settings": {"duration_limit_min": 5}}
    assert read("POST", "/sessions", body={"backend": "simulator"}).max_ttl_seconds is None
    refused = refusal("POST", "/sessions", body={"backend": "simulator", "settings": {"job_count_limit": 3}})
    assert refused.code == "unknown-field"
    assert "known: duration_limit_min" in refused.message


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        pytest.param("DELETE", f"/jobs/{CHILD}", "invalid-value", id="deleting one circuit"),
        pytest.param("PUT", f"/jobs/{CHILD}/status/cancel", "invalid-value", id="cancelling one circuit"),
        pytest.param("GET", f"/jobs/{CHILD}/cost", "invalid-value", id="the cost of one circuit"),
        pytest.param("GET", f"/jobs/{JOB}/artifacts/shots", "not-found", id="a document that is no artifact"),
        pytest.param("GET", f"/jobs/{JOB}/circuits/qasm2", "not-found", id="another language"),
        pytest.param("GET", "/jobs/estimate", "missing-field", id="an estimate for no backend"),
        pytest.param("GET", "/organizations/o/usage", "missing-field", id="usage of no time"),
        pytest.param("GET", f"/jobs/{JOB}/results", "unknown-operation", id="results of no kind"),
        pytest.param("POST", f"/jobs/{JOB}", "unknown-operation", id="a job posted"),
        pytest.param("GET", "/jobs/../whoami", "unknown-operation", id="a dot segment"),
    ],
)
def test_what_cannot_be_asked_is_refused(method, path, code):
    assert refusal(method, path).code == code


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"ids": JOB}, id="ids, which would be ignored"),
        pytest.param({"submitter_id": "x"}, id="a submitter"),
        pytest.param({"status": "running"}, id="a status that is none"),
        pytest.param({"limit": "0"}, id="an empty page"),
        pytest.param({"limit": "-1"}, id="a negative page"),
        pytest.param({"next": "x"}, id="a place that is none"),
        pytest.param({"target": "simulator,qpu.forte-1"}, id="two backends"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(query):
    """Ignoring it would show jobs that the client meant to leave out."""
    assert refusal("GET", "/jobs", **query).code in {"unknown-parameter", "invalid-value"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "11"), ("page", "0"), ("start", "yesterday"), ("sort", "up")],
)
def test_characterizations_are_asked_for_within_bounds(name, value):
    assert refusal("GET", "/backends/simulator/characterizations", **{name: value}).code.startswith(("inv", "unk"))


@pytest.mark.parametrize(
    ("header", "known"),
    [
        pytest.param("apiKey qgw_1", True, id="as the SDK writes it"),
        pytest.param("apikey qgw_1", True, id="in lower case"),
        pytest.param("Bearer qgw_1", False, id="another scheme"),
        pytest.param("apiKey ", False, id="no key"),
        pytest.param("qgw_1", False, id="no scheme"),
    ],
)
def test_the_key_is_found_where_the_sdk_puts_it(header, known):
    found = DIALECT.credential(request("GET", "/jobs", headers={"authorization": header}))

    assert isinstance(found, ApiKey) is known
    assert not known or found.key.reveal() == b"qgw_1"


@pytest.mark.parametrize(
    ("method", "path", "headers", "open_"),
    [
        pytest.param("GET", "/backends/qpu.qpu", {}, True, id="counting qubits"),
        pytest.param("GET", "/backends/qpu.qpu", {"authorization": "apiKey k"}, False, id="with a key it is checked"),
        pytest.param("POST", "/backends/qpu.qpu", {}, False, id="another method"),
        pytest.param("GET", "/backends", {}, False, id="all backends"),
        pytest.param("GET", "/backends/a/characterizations", {}, False, id="characterizations"),
        pytest.param("GET", "/jobs", {}, False, id="jobs"),
    ],
)
def test_only_counting_qubits_is_open_to_all(method, path, headers, open_):
    assert DIALECT.open_to_all(request(method, path, headers=headers)) is open_
