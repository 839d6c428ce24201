"""What the fake IBM Quantum computes, and the forms in which it takes and gives it."""

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from tests.fakes.vendors.ibm import program
from tests.fakes.vendors.ibm.devices import devices
from tests.unit.fakes.ibm_client import GOLDEN, array, body, flipped, packed, result_of, sampled, unpacked


async def test_registers_come_back_bit_by_bit(ibm):
    shots = sampled(await result_of(ibm))

    assert shots["ones"].tolist() == [[1]] * 20
    assert shots["zeros"].tolist() == [[0]] * 20


async def test_parameters_give_the_result_their_shape(ibm):
    """Half a turn and none: sx rz(angle) sx leaves 1 for angle 0 and 0 for angle pi."""
    pub = [packed(flipped(angle=Parameter("angle"))), array([[[0.0], [np.pi]]]), 10]
    shots = sampled(await result_of(ibm, params={"pubs": [pub]}))

    assert shots["ones"].shape == (1, 2, 10, 1)
    assert shots["ones"][0, :, :, 0].tolist() == [[1] * 10, [0] * 10]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([0.0], id="a plain list"),
        pytest.param({"angle": 0.0}, id="by name"),
        pytest.param({"__type__": "ndarray", "__value__": [0.0]}, id="a typed list"),
    ],
)
async def test_parameters_come_in_every_form(ibm, values):
    pub = [packed(flipped(angle=Parameter("angle"))), values, 5]

    assert sampled(await result_of(ibm, params={"pubs": [pub]}))["ones"].tolist() == [[1]] * 5


@pytest.mark.parametrize(
    ("pub", "options", "shots"),
    [
        pytest.param(lambda sent: [sent], {"default_shots": 9}, 9, id="shots by default"),
        pytest.param(lambda sent: [sent, None, 3], {"default_shots": 9}, 3, id="shots of its own"),
        pytest.param(lambda sent: [sent, None, None], {}, 4096, id="no shots at all"),
        pytest.param(lambda sent: sent, {"default_shots": 4}, 4, id="a bare circuit"),
    ],
)
async def test_shots_are_the_pubs_or_the_jobs(ibm, pub, options, shots):
    result = await result_of(ibm, params={"pubs": [pub(packed(flipped()))], "options": options})

    assert len(sampled(result)["ones"]) == shots


async def test_openqasm_and_plain_json_are_for_people_without_qiskit(ibm):
    text = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0; c[1] = measure $1;'
    result = await result_of(ibm, params={"pubs": [[text, None, 3]], "support_qiskit": False})

    assert result["results"][0]["data"] == {"c": {"samples": ["0x1"] * 3, "num_bits": 2}}


async def test_the_estimator_estimates_to_the_precision_asked_for(ibm):
    circuit = QuantumCircuit(5)
    circuit.x(0)
    observables = [[{"IIIIZ": 1.0}], [{"IIIZI": 2.0, "IIIII": 0.5}]]
    pub = [packed(circuit), observables, None, 0.001]
    result = await result_of(ibm, program_id="estimator", params={"pubs": [pub]})

    fields = result["__value__"]["pub_results"][0]["__value__"]["data"]["__value__"]["fields"]
    assert unpacked(fields["evs"]) == pytest.approx(np.array([[-1.0], [2.5]]), abs=0.02)
    assert unpacked(fields["stds"]).shape == (2, 1)


@pytest.mark.parametrize("name", ["executor-sampler-registers", "executor-sampler-twirled", "executor-estimator-plain"])
async def test_the_executor_echoes_what_is_the_clients(instant_ibm, name):
    sent = json.loads((GOLDEN / f"{name}.sdk-0.51.json").read_text())
    result = await result_of(instant_ibm, **sent | {"backend": "ibm_test_five"})

    program = sent["params"]["quantum_program"]
    assert result["schema_version"] == "v2.0"
    assert result["semantic_role"] == program["semantic_role"]
    assert result["passthrough_data"].keys() == program["passthrough_data"].keys()
    assert len(result["data"]) == len(program["items"])


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        pytest.param(lambda circuit: circuit.h(0), "instruction h on qubits (0,)", id="a gate it has not"),
        pytest.param(lambda circuit: circuit.cx(0, 4), "instruction cx on qubits (0, 4)", id="qubits far apart"),
    ],
)
async def test_a_circuit_that_does_not_fit_the_hardware_fails(ibm, gate, words):
    circuit = flipped()
    gate(circuit)
    job = await ibm.submit(params=body(circuit)["params"])

    shown = await ibm.ended(job)
    assert (shown["status"], shown["state"]["reason_code"]) == ("Failed", 1517)
    assert words in shown["state"]["reason"]
    assert words in (await ibm.ask("GET", f"/jobs/{job}/results"))[1]


@pytest.mark.parametrize(
    "pub",
    [
        pytest.param([{"__type__": "QuantumCircuit", "__value__": "AAAA"}], id="no circuit"),
        pytest.param([packed(flipped()), None, -1], id="no shots"),
        pytest.param([packed(flipped(angle=Parameter("angle"))), None, 1], id="no value for a parameter"),
    ],
)
async def test_a_pub_that_cannot_run_is_a_failed_job(ibm, pub):
    shown = await ibm.ended(await ibm.submit(params={"pubs": [pub]}))

    assert (shown["status"], shown["state"]["reason_code"]) == ("Failed", 1524)


async def test_the_same_job_has_the_same_result(ibm):
    circuit = QuantumCircuit(5, 1)
    circuit.sx(0)
    circuit.measure(0, 0)
    params = {"pubs": [[packed(circuit), None, 200]]}

    one, two = [sampled(await result_of(ibm, params=params))["c"].tolist() for _ in range(2)]
    assert one == two
    assert 50 < sum(shot[0] for shot in one) < 150


async def test_wrong_results_decode_and_are_wrong(ibm):
    job = await ibm.submit()
    await ibm.ended(job)
    await ibm.control("faults", rules=[{"match": "GET /results", "kind": "wrong_result", "times": 1}])

    wrong, right = [sampled((await ibm.ask("GET", f"/jobs/{job}/results"))[1])["ones"] for _ in range(2)]
    assert (wrong.tolist(), right.tolist()) == ([[0]] * 20, [[1]] * 20)


def test_a_twirled_bell_pair_agrees_once_its_flips_are_undone():
    """Each draw of a samplex is another circuit; what its measurement flips did is told beside the shots."""
    sent = json.loads((GOLDEN / "executor-sampler-twirled.sdk-0.51.json").read_text())
    device = replace(devices()["ibm_test_five"], entangler="cz")

    result = json.loads(program.run("executor", sent["params"], device))

    tensors = {name: tensor(packed) for name, packed in result["data"][0]["results"].items()}
    settled = tensors["meas"] ^ tensors["measurement_flips.meas"]
    assert tensors["measurement_flips.meas"].any()
    assert (settled[..., 0] == settled[..., 1]).all()
    assert 0.3 < settled.mean() < 0.7
    (chunk,) = result["metadata"]["chunk_timing"]
    assert [part["size"] for part in chunk["parts"]] == [settled.shape[0]]


def tensor(packed):
    bits = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), dtype=np.uint8)
    shape = packed["shape"]
    return np.unpackbits(bits, bitorder="little")[: np.prod(shape)].reshape(shape).astype(bool)
