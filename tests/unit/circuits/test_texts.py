"""Which texts of a submission are looked through, and where they are said to stand."""

import base64
import json
import zlib
from random import Random

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Annotation, ClassicalRegister, Gate, Parameter, QuantumRegister
from qiskit.circuit.library import XGate

from gateway.circuits.texts import Texts
from gateway.domain.leaks import Place
from gateway.ports.reader import Binding, Item, Program

SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


def program(*circuits):
    items = [
        Item(circuit=each, shape=(), bind=lambda _: Binding(values=[]), shots=1, precision=None, observables=None)
        for each in circuits
    ]
    return Program(kind="sampler", items=tuple(items), options={}, payload_versions=())


def found(body, *circuits):
    return Texts.of(body if isinstance(body, bytes) else json.dumps(body).encode(), program(*circuits))


def texts(known):
    return {text for each in known.found.values() for text in each}


@pytest.mark.parametrize(
    ("body", "place", "text"),
    [
        pytest.param({"tags": [SECRET]}, Place.TAGS, SECRET, id="a tag"),
        pytest.param({"name": "a job"}, Place.NAME, "name: a job", id="a name"),
        pytest.param({"metadata": {"who": {"mail": "ada"}}}, Place.METADATA, "mail: ada", id="metadata, however deep"),
        pytest.param({"metadata": {SECRET: 1}}, Place.METADATA, SECRET, id="a key"),
        pytest.param({"params": {"options": {"x": "y"}}}, Place.OPTIONS, "x: y", id="an option"),
        pytest.param({"params": {"other": ["here"]}}, Place.FIELDS, "here", id="any other field"),
        pytest.param({"a": json.dumps({"deep": SECRET})}, Place.FIELDS, f"deep: {SECRET}", id="JSON in a text"),
        pytest.param({"a": '{"k": "first", "k": 2}'}, Place.FIELDS, "k: first", id="a member that comes twice"),
        pytest.param(
            {"a": base64.b64encode(b"what is it, Base64?").decode()}, Place.FIELDS, "what is it, Base64?", id="Base64"
        ),
        pytest.param(
            {"a": base64.b64encode(zlib.compress(b"what was packed")).decode()},
            Place.FIELDS,
            "what was packed",
            id="compressed Base64",
        ),
        pytest.param(
            {"a": "\uff37\uff29\uff24\uff25\u200b letters"},
            Place.FIELDS,
            "a: WIDE letters",
            id="letters that look alike",
        ),
        pytest.param({"tags": ["qgw:label=mine"]}, Place.TAGS, "qgw:label=mine", id="a tag of provenance"),
        pytest.param(b"no JSON at all", Place.FIELDS, "no JSON at all", id="a body that is no JSON"),
    ],
)
def test_a_text_of_the_body_is_found_at_its_place(body, place, text):
    assert text in found(body).found[place, None]


def test_an_openqasm_program_is_taken_apart():
    header = 'OPENQASM 3.0; // made by ada\ninclude "stdgates.inc";\n'
    source = f"{header}/* keep\nsecret */\n#pragma note x-y\nqubit[2] data_wire;"

    known = found({"input": {"data": source}}).found

    assert set(known[Place.COMMENTS, None]) == {"made by ada", "keep\nsecret"}
    assert {'"stdgates.inc"', "#pragma note x-y", "data_wire"} <= set(known[Place.PROGRAM, None])


def test_everything_that_has_a_name_in_a_circuit_is_found():
    qubits, clbits = QuantumRegister(2, "wires"), ClassicalRegister(1, "outcome")
    inner = QuantumCircuit(1, name="inner-name", metadata={"note": "inner-note"})
    inner.append(XGate(label="inner-label"), [0])
    own = Gate("own_gate", 1, [], label="own-label")
    own.definition = inner
    circuit = QuantumCircuit(qubits, clbits, name="outer-name", metadata={"note": ["outer-note"]})
    circuit.append(own, [0])
    circuit.rx(Parameter("angle_name"), 0)
    circuit.add_var("variable_name", 0)
    with circuit.if_test((clbits, 1)):
        circuit.append(XGate(label="branch-label"), [1])

    known = found({}, circuit).found

    wanted = {
        Place.CIRCUIT_NAMES: {"outer-name", "inner-name"},
        Place.CIRCUIT_METADATA: {"note", "outer-note", "note: inner-note"},
        Place.REGISTER_NAMES: {"wires", "outcome"},
        Place.PARAMETER_NAMES: {"angle_name"},
        Place.VARIABLE_NAMES: {"variable_name"},
        Place.GATE_NAMES: {"own_gate"},
        Place.GATE_LABELS: {"own-label", "inner-label", "branch-label"},
    }
    assert {place: texts & set(known[place, 0]) for place, texts in wanted.items()} == wanted


def test_annotations_are_found():
    class Note(Annotation):
        namespace = "test.note"

        def __init__(self, text):
            self.text = text

    circuit = QuantumCircuit(1)
    with circuit.box([Note("annotated")]):
        circuit.x(0)

    assert "text: annotated" in found({}, circuit).found[Place.ANNOTATIONS, 0]


def test_the_number_of_the_circuit_is_told():
    first, second = QuantumCircuit(1, name="first"), QuantumCircuit(1, name="second")

    known = found({}, first, second).found

    assert "second" in known[Place.CIRCUIT_NAMES, 1]
    assert "first" in known[Place.CIRCUIT_NAMES, 0]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(base64.b64encode(b"QISKIT\x0f" + bytes(300)).decode(), id="a circuit in QPY"),
        pytest.param(
            base64.b64encode(zlib.compress(b"\x93NUMPY\x01" + Random(7).randbytes(600))).decode(), id="a packed array"
        ),
        pytest.param("qgw:classification=restricted", id="a tag that speaks to the gateway"),
    ],
)
def test_what_is_no_text_is_left_alone(value):
    assert texts(found({"a": value})) <= {"a: "}


def test_what_looks_like_base64_and_is_a_key_is_a_text():
    key = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00"

    assert f"a: {key}" in texts(found({"a": key}))


def test_texts_beyond_the_bound_are_told_of():
    texts = Texts(most=20)

    texts.take(["a" * 12, "b" * 12], Place.TAGS)

    assert not texts.complete
    assert list(texts.found[Place.TAGS, None]) == ["a" * 12]


def test_the_same_text_counts_once():
    texts = Texts(most=20)

    texts.take(["again"] * 100, Place.TAGS)

    assert texts.complete


def test_a_body_that_nobody_can_read_is_told_of():
    assert not found(b"\x00\xff\xfe").complete
