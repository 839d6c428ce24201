"""From the body of POST /jobs to a submission."""

import json
from pathlib import Path

import pytest

from adapters.ibm import IbmDialect, IbmSettings
from gateway.domain.errors import RefusedError
from gateway.ports.dialect import WireRequest

DIALECT = IbmDialect(IbmSettings())
REQUESTS = Path(__file__).parents[2] / "golden" / "ibm" / "requests"
PUBS = {"pubs": [["a circuit"]], "version": 2}
PROGRAM = {"shots": 1, "circuits": {"b64_data": "", "qpy_version": 17, "num_programs": 1}}
ITEM = {"item_type": "circuit", "circuit_arguments": {}, "shape": [], "chunk_size": "auto"}


def submitted(body, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = WireRequest(method="POST", path="/api/v1/jobs", query=(), headers=headers, body=content)
    return DIALECT.operation(request).submission


def sampler(*, params=PUBS, **fields):
    return {"program_id": "sampler", "backend": "sim_line_5", "params": params, **fields}


def executor(**fields):
    program = {**PROGRAM, "items": [ITEM], **fields}
    params = {"schema_version": "v2.0", "quantum_program": program, "options": {"init_qubits": True}}
    return {"program_id": "executor", "backend": "sim_line_5", "params": params}


@pytest.mark.parametrize("path", sorted(REQUESTS.glob("*.json")), ids=lambda path: path.stem)
def test_what_stock_sdks_submit_has_no_unknown_field(path):
    """An unknown field is a fact that policy may deny, so the SDK's own must all be known."""
    submission = submitted(path.read_bytes())

    assert submission.unknown_fields == ()
    assert submission.program == path.stem.split("-")[0].split(".")[0]


def test_options_of_the_sdk_arrive_as_they_stand():
    submission = submitted((REQUESTS / "sampler-options.sdk-0.51.json").read_bytes())

    assert submission.options["dynamical_decoupling"] == {"enable": True}
    assert submission.tags == ("a", "qgw:classification=internal")
    assert submission.max_execution_seconds == 300
    assert submission.private
    assert submission.echo == {"cost": 300, "log_level": "WARNING"}


def test_options_that_stand_elsewhere_are_options_too():
    resilient = submitted((REQUESTS / "estimator-resilience.sdk-0.51.json").read_bytes())
    kerneled = submitted(executor(meas_level="kerneled"))

    assert resilient.options["resilience_level"] == 2
    assert kerneled.options == {"init_qubits": True, "meas_level": "kerneled"}
    assert submitted(executor()).options == {"init_qubits": True, "meas_level": "classified"}


def test_unknown_fields_become_pointers_at_any_depth():
    body = executor(items=[ITEM, {**ITEM, "a/b~c": 1}], later=True)
    body["params"]["also"] = 1

    unknown = submitted({**body, "new": {"x": 1}}).unknown_fields

    assert unknown == (
        "/new",
        "/params/also",
        "/params/quantum_program/later",
        "/params/quantum_program/items/1/a~1b~0c",
    )


def test_a_field_inside_options_is_no_unknown_field():
    """Options are judged by whoever runs the job, one by one."""
    assert submitted(sampler(params={**PUBS, "options": {"brand_new": 1}})).unknown_fields == ()


def test_pointers_are_bounded():
    many = submitted({**sampler(), **{f"field-{number}": 1 for number in range(1000)}, "x" * 10_000: 1})

    assert len(many.unknown_fields) == 50
    assert max(map(len, submitted({**sampler(), "x" * 10_000: 1}).unknown_fields)) == 160


def test_a_forged_label_is_not_stored():
    assert submitted(sampler(tags=["qgw:execution=hardware", "mine"])).tags == ("mine",)


@pytest.mark.parametrize(
    ("client", "sdk"),
    [
        pytest.param(
            "qiskit-version-2/qiskit_ibm_runtime-0.51.0,qiskit-2.6.2*/qiskit_ibm_runtime~sampler.py",
            "qiskit-ibm-runtime 0.51.0 qiskit 2.6.2",
            id="the SDK",
        ),
        pytest.param("", "", id="the SDK with USAGE_DATA_OPT_OUT"),
        pytest.param("qiskit-<script>", "", id="nonsense"),
    ],
)
def test_the_client_says_who_it_is(client, sdk):
    assert submitted(sampler(), **{"x-qx-client-application": client}).sdk == sdk


@pytest.mark.parametrize("program", ["noise-learner", "calibrate", "circuit-runner", "SAMPLER"])
def test_other_programs_are_refused_with_those_that_run(program):
    with pytest.raises(RefusedError, match="sampler, estimator, executor") as refused:
        submitted({"program_id": program, "backend": "b", "params": {}})

    assert refused.value.code == "unknown-program"
    assert program not in refused.value.message.split("programs run here")[0]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        pytest.param(b"not json", "malformed-json", "expecting value", id="no JSON"),
        pytest.param([], "wrong-type", "the body is an array, allowed is an object", id="an array"),
        pytest.param({}, "missing-field", "/program_id", id="nothing"),
        pytest.param({**sampler(), "backend": None}, "wrong-type", "/backend is null", id="null as backend"),
        pytest.param(sampler(params={**PUBS, "version": 1}), "invalid-value", "/params/version", id="version 1"),
        pytest.param(sampler(params={"pubs": [1]}), "missing-field", "/params/version", id="no version"),
        pytest.param(sampler(params={**PUBS, "pubs": []}), "invalid-value", "/params/pubs", id="no pubs"),
        pytest.param(sampler(params={**PUBS, "options": []}), "wrong-type", "/params/options", id="a list of options"),
        pytest.param(sampler(cost=0), "invalid-value", "/cost", id="no time to run"),
        pytest.param(sampler(cost=1.5), "wrong-type", "/cost is a number, allowed is an integer", id="half a second"),
        pytest.param(sampler(cost=True), "wrong-type", "/cost is true or false", id="true is no number"),
        pytest.param(sampler(private="yes"), "wrong-type", "/private is text", id="text as flag"),
        pytest.param(sampler(start_session=True), "invalid-value", "/start_session", id="the old way to a session"),
        pytest.param(sampler(tags=["t"] * 65), "invalid-value", "/tags", id="too many tags"),
        pytest.param(sampler(session_id="../x"), "invalid-value", "/session_id", id="a path as session"),
        pytest.param(executor(shots=0), "invalid-value", "/params/quantum_program/shots", id="no shots"),
        pytest.param(executor(items=[]), "invalid-value", "/params/quantum_program/items", id="no items"),
        pytest.param(
            executor(items=[{**ITEM, "item_type": "other"}]), "invalid-value", "/items/0/item_type", id="another item"
        ),
    ],
)
def test_a_wrong_submission_is_refused_without_its_values(body, code, words):
    with pytest.raises(RefusedError) as refused:
        submitted(body)

    assert refused.value.code == code
    assert words in refused.value.message
