"""The dialect as a whole: golden answers, ids, refusals, and that its tables are total."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from adapters.ibm import IbmDialect, IbmSettings, answers
from gateway.domain.errors import NotFoundError, UnavailableError
from gateway.ports.dialect import WireRequest
from gateway.ports.operations import Operation
from tests.fakes import values
from tests.fakes.values import INSTANCE
from tests.golden.ibm import generate

DIALECT = IbmDialect(IbmSettings(docs_url="https://docs.example.org/errors"))
REQUEST = WireRequest(method="GET", path="/api/v1/jobs/d1", query=(), headers={}, body=b"")
GOLDEN = Path(generate.__file__).parent / "answers"


@pytest.mark.parametrize("name", sorted(generate.answers()))
def test_answers_are_as_they_were_agreed(name):
    """Regenerate with `python -m tests.golden.ibm.generate answers` and look at the difference."""
    assert generate.pretty(generate.answers()[name]) == (GOLDEN / f"{name}.json").read_text()


def test_no_golden_answer_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(generate.answers())


def test_every_operation_has_a_writer():
    assert set(answers._WRITERS) == set(get_args(Operation)) - values.UNSPOKEN_BY_IBM


def test_job_ids_look_like_ibms():
    assert re.fullmatch(r"d[0-9a-v]{19}", DIALECT.client_job_id(b"\x01\xff" * 8))


class BusyError(UnavailableError):
    code = "busy"


@pytest.mark.parametrize(
    ("error", "solution"),
    [
        pytest.param(NotFoundError(noun="job", name="d1"), "changes nothing", id="refused"),
        pytest.param(BusyError("all workers are busy"), "asking again is safe", id="unavailable"),
    ],
)
def test_a_refusal_has_every_shape_that_clients_read(error, solution):
    """The SDK reads `error` only beside a trace header, the cloud SDK `errors`, IAM clients `errorMessage`."""
    answer = DIALECT.refuse(REQUEST, error, status=404, request_id="trace-1")

    body = json.loads(answer.body)
    assert answer.headers["uber-trace-id"] == body["trace"] == body["context"]["requestId"] == "trace-1"
    assert body["error"]["message"] == body["errors"][0]["message"] == body["errorMessage"] == error.message
    assert body["errors"][0]["more_info"] == f"https://docs.example.org/errors#{error.code}"
    assert solution in body["errors"][0]["solution"]


def test_the_zero_code_address_holds_the_magic_word():
    """Without `experimental` in it the SDK throws port and path of the address away."""
    environment = DIALECT.environment(url="http://127.0.0.1:8080", instance=INSTANCE, key="k", pair=values.PAIR)

    assert environment["QISKIT_IBM_URL"] == "http://127.0.0.1:8080/ibm-experimental/api/v1"
    assert environment["IAM_URL"] == "http://127.0.0.1:8080/ibm/iam"


def test_serving_imports_no_quantum_library():
    """numpy and qiskit belong in worker processes; they are slow to load and large to attack."""
    heavy = "qiskit", "numpy", "samplomatic", "ibm_quantum_schemas", "pickle"
    script = f"import sys, adapters.ibm; print([name for name in {heavy!r} if name in sys.modules])"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
