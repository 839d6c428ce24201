"""From the body of POST /jobs to a submission."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from adapters.ionq import IonqDialect, IonqSettings
from gateway.domain.errors import RefusedError
from gateway.ports.dialect import WireRequest

REQUESTS = Path(__file__).parents[2] / "golden" / "ionq" / "requests"
GATE = {"gateset": "qis", "circuit": [{"gate": "h", "target": 0}]}
AGENT = "qiskit-ionq/1.1.1 (qiskit/2.6.2) os/Linux (python/3.11.7)"


def submitted(body, *, settings=None, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = WireRequest(method="POST", path="/jobs", query=(), headers=headers, body=content)
    return IonqDialect(settings or IonqSettings()).operation(request).submission


def golden(name):
    return submitted((REQUESTS / f"{name}.sdk-1.1.json").read_bytes())


def circuit(**fields):
    return {"type": "ionq.circuit.v1", "backend": "simulator", "input": GATE, **fields}


@pytest.mark.parametrize("path", sorted(REQUESTS.glob("*.json")), ids=lambda path: path.stem)
def test_what_the_sdk_submits_has_no_unknown_field(path):
    """An unknown field is a fact that policy may deny, so the SDK's own must all be known."""
    body = path.read_bytes()

    submission = submitted(body)

    assert submission.unknown_fields == ()
    assert submission.program == "sampler"
    assert "metadata" not in submission.echo


def test_options_settings_and_session_arrive_as_they_stand():
    submission = golden("settings")

    assert submission.options == {
        "settings": {"compilation": {"opt": 1}, "error_mitigation": {"debiasing": True}},
    }
    assert submission.session_id == "5e551047-0000-4000-8000-000000000001"
    assert submission.backend == "qpu.forte-1"


@pytest.mark.parametrize(
    ("settings", "mitigated"),
    [
        pytest.param({"error_mitigation": {"debiasing": True}}, True, id="on"),
        pytest.param({"error_mitigation": {"debiasing": False}}, False, id="off"),
        pytest.param({"error_mitigation": {}}, None, id="nothing said of it"),
        pytest.param({"error_mitigation": "on"}, None, id="no word that is known"),
        pytest.param(None, None, id="nothing said"),
    ],
)
def test_error_mitigation_is_known_because_it_has_a_price(settings, mitigated):
    """IonQ turns it on by itself for larger jobs, so silence is not off."""
    changed = {} if settings is None else {"settings": settings}

    assert submitted(circuit(**changed)).mitigated is mitigated


def test_what_is_asked_of_a_simulator_is_an_option():
    assert golden("noise").options == {"noise": {"model": "aria-1"}}
    assert golden("dry-run").options == {"dry_run": True}
    assert submitted(circuit(noise={"model": "ideal", "seed": 3})).options == {"simulator": {"seed_simulator": 3}}


def test_the_simulator_is_the_one_of_the_settings():
    assert submitted(circuit()).backend == "sim_heavyhex_127"
    assert submitted(circuit(), settings=IonqSettings(simulator_backend="sim_line_5")).backend == "sim_line_5"
    assert submitted(circuit(), settings=IonqSettings(simulator_backend=None)).backend == "simulator"


def test_what_is_shown_again_is_small():
    echo = golden("multi").echo

    assert echo.keys() == {"type", "backend", "qubits", "gateset", "shots"}
    assert submitted(circuit()).echo["shots"] == 100


def test_metadata_for_the_gateway_are_tags():
    submission = submitted(circuit(metadata={"qgw:classification": "internal", "own": "words", "flag": True}))

    assert submission.tags == ("qgw:classification=internal",)


def test_unknown_fields_are_named_by_their_place():
    body = circuit(priority=1, noise={"model": "ideal", "sead": 1}, input={**GATE, "qbits": 2})

    assert set(submitted(body).unknown_fields) == {"/priority", "/noise/sead", "/input/qbits"}


def test_the_client_is_known_by_what_it_says():
    assert submitted(circuit(), **{"user-agent": AGENT}).sdk == "qiskit-ionq 1.1.1 qiskit 2.6.2"
    assert submitted(circuit(), **{"user-agent": "curl/8"}).sdk == ""


@pytest.mark.parametrize(
    ("header", "token"),
    [
        pytest.param("once-and-only", "once-and-only", id="a token"),
        pytest.param("", None, id="none"),
        pytest.param("two words", None, id="a space"),
        pytest.param("x" * 129, None, id="too long"),
    ],
)
def test_a_client_may_say_itself_which_submissions_are_one(header, token):
    assert submitted(circuit(), **{"idempotency-key": header}).repeat_token == token


def header(moment, content=b'{"name": "bell"}'):
    return base64.b64encode(gzip.compress(content, mtime=moment)).decode()


def test_a_retry_is_the_same_work_although_its_header_was_packed_anew():
    """The SDK writes the body again for each attempt, and gzip writes the second into it."""
    first, again, other = (
        submitted(circuit(metadata={"qiskit_header": packed}))
        for packed in (header(1_000_000), header(1_000_001), header(1_000_000, b'{"name": "three"}'))
    )

    assert first.body_digest != again.body_digest
    assert first.work_digest == again.work_digest != other.work_digest


@pytest.mark.parametrize("metadata", [None, {}, {"qiskit_header": 5}, {"qiskit_header": "ü"}, {"qiskit_header": "a"}])
def test_without_such_a_header_the_body_alone_says_what_is_the_same(metadata):
    assert submitted(circuit(metadata=metadata)).work_digest == ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(circuit(type="quantum-function"), "unknown-program", id="a hybrid function"),
        pytest.param(circuit(type="qctrl.qaoa.v1"), "unknown-program", id="a solver of another company"),
        pytest.param({"type": "ionq.circuit.v1", "input": GATE}, "missing-field", id="no backend"),
        pytest.param(circuit(shots="10"), "wrong-type", id="shots as text"),
        pytest.param(circuit(shots=0), "invalid-value", id="no shots"),
        pytest.param(circuit(shots=True), "wrong-type", id="true as shots"),
        pytest.param(circuit(backend="a b"), "invalid-value", id="a backend with a space"),
        pytest.param(circuit(input=[]), "wrong-type", id="a list as input"),
        pytest.param(circuit(input={"gateset": "qis"}), "missing-field", id="no circuit"),
        pytest.param(circuit(input={**GATE, "gateset": "x"}), "invalid-value", id="another gateset"),
        pytest.param(circuit(type="ionq.multi-circuit.v1"), "missing-field", id="one circuit as several"),
        pytest.param(circuit(type="ionq.qasm3.v1"), "missing-field", id="gates as OpenQASM"),
        pytest.param(circuit(metadata={"a": {}}), "invalid-value", id="metadata in depth"),
        pytest.param(circuit(metadata={"a": "b" * 40_000}), "invalid-value", id="too much metadata"),
        pytest.param(circuit(name="a\nb"), "invalid-value", id="a line break in a name"),
        pytest.param(circuit(noise="ideal"), "wrong-type", id="noise as text"),
        pytest.param(b'{"type": 1, "type": 2}', "malformed-json", id="a key twice"),
    ],
)
def test_what_cannot_be_is_refused(body, code):
    with pytest.raises(RefusedError) as refused:
        submitted(body)

    assert refused.value.code == code
