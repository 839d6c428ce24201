"""Payloads that kill or stall a reader end as a clear refusal in time, while the payloads of others go on."""

import asyncio
import base64
import contextlib
import functools
import json
import random
import socket
import struct
import time
import zlib
from pathlib import Path

import pytest
import pytest_asyncio
from qiskit import QuantumCircuit
from qiskit.circuit import Instruction

from gateway.circuits.sandbox import Sandbox, SandboxLimits, UnreadablePayloadError
from tests.unit.ibm_reader.wire import bell, body, captured, estimator, ndarray, packed, raw_qpy, sampler

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]

VERDICT_SECONDS = 3.0
GRACE_SECONDS = 0.5
"""For a machine that has other things to do."""

GIANT = 2**28


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox():
    pool = Sandbox({"ibm": "adapters.ibm.reader:IbmReader"}, SandboxLimits())
    await pool.start()
    await measure(pool, sampler([packed(bell())]), "somebody")
    yield pool
    await pool.close()


async def measure(pool: Sandbox, payload: bytes, who: str):
    return await pool.measure(reader="ibm", body=payload, project_id=f"project-{who}", principal_id=who)


async def refused(pool: Sandbox, payload: bytes) -> UnreadablePayloadError:
    """Send a bomb, see others served meanwhile, and give the refusal."""
    started = time.monotonic()
    bomb = asyncio.create_task(measure(pool, payload, "attacker"))
    served = 0
    while not bomb.done() or not served:
        facts = await measure(pool, sampler([packed(bell())]), "neighbour")
        assert facts.circuits[0].qubits_used == 2
        served += 1
        await asyncio.sleep(0.02)
    assert time.monotonic() - started < VERDICT_SECONDS + GRACE_SECONDS
    with pytest.raises(UnreadablePayloadError) as refusal:
        await bomb
    assert refusal.value.message == refusal.value.message.strip(" .")
    return refusal.value


def header(qubits: int, *, version: int = 17, programs: int = 1, instructions: int = 0) -> bytes:
    """A QPY file that is all promise."""
    file = struct.pack("!6sBBBBQcc", b"QISKIT", version, 2, 6, 2, programs, b"p", b"q")
    table = struct.pack("!Q", len(file) + 8) if version >= 16 else b""
    circuit = struct.pack("!HcHIIQIQI", 1, b"f", 8, qubits, 0, 2, 0, instructions, 0)
    return file + table + circuit + b"c" + struct.pack("<d", 0.0) + b"{}" + b"\0" * 64


def library_class(name: str, *arguments: object) -> bytes:
    """A QPY file that has its loader build any class of qiskit's library, by name."""
    stowaway = type(name, (Instruction,), {})(name.lower(), 1, 0, list(arguments))
    circuit = QuantumCircuit(1)
    circuit.append(stowaway, [0])
    return raw_qpy(circuit, version=13)


def hidden_giant() -> bytes:
    """A modest circuit with a custom gate whose own circuit claims 2^24 qubits."""
    inner = QuantumCircuit(1, name="inner")
    inner.h(0)
    outer = QuantumCircuit(1)
    outer.append(inner.to_instruction(), [0])
    raw = bytearray(raw_qpy(outer, version=13))
    at = raw.rfind(struct.pack("!II", 1, 0) + struct.pack("!Q", 2))
    assert at > 0
    raw[at : at + 4] = struct.pack("!I", 2**24)
    return bytes(raw)


@functools.cache
def zeros(size: int) -> str:
    return base64.b64encode(zlib.compress(bytes(size), 1)).decode()


def nested_gates(levels: int) -> str:
    gates = [f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}" for n in range(1, levels)]
    return "\n".join(
        ['OPENQASM 2.0; include "qelib1.inc"; gate g0 a { h a; }', *gates, f"qreg q[1]; g{levels - 1} q[0];"]
    )


def widening_gates(levels: int) -> str:
    """Every level calls the one below with two other angles, so no level is like another."""
    gates = [f"gate g{n}(x) a {{ g{n - 1}(x/2) a; g{n - 1}(x/3) a; }}" for n in range(1, levels)]
    return "\n".join(
        ['OPENQASM 2.0; include "qelib1.inc"; gate g0(x) a { rz(x) a; }', *gates, f"qreg q[1]; g{levels - 1}(1) q[0];"]
    )


def with_samplex(edit) -> bytes:
    sent = captured("executor-twirled-v2.0")
    member = sent["params"]["quantum_program"]["items"][0]["samplex"]
    content = json.loads(member["samplex_json"])
    edit(content)
    member["samplex_json"] = json.dumps(content, separators=(",", ":"))
    return json.dumps(sent).encode()


def old_parameter_table(content) -> None:
    table = json.loads(content["attrs"]["param_table"])
    raw = bytearray(base64.b64decode(table["circuit_base64"]))
    raw[6] = 12
    content["attrs"]["param_table"] = json.dumps({**table, "circuit_base64": base64.b64encode(raw).decode()})


def with_passthrough(value: object) -> bytes:
    sent = captured("executor-sampler-v2.0")
    sent["params"]["quantum_program"]["passthrough_data"] = value
    return json.dumps(sent).encode()


BOMBS = [
    pytest.param(sampler([packed(header(2**24))]), "too-large", id="QPY that claims 2^24 qubits"),
    pytest.param(sampler([packed(header(2**31, version=13))]), "too-large", id="QPY 13 that claims 2^31 qubits"),
    pytest.param(sampler([packed(header(2, instructions=2**62))]), "too-large", id="QPY that claims 2^62 instructions"),
    pytest.param(sampler([packed(header(2, programs=2**62))]), "malformed", id="QPY that claims 2^62 circuits"),
    pytest.param(sampler([packed(hidden_giant())]), None, id="QPY with a custom gate that claims 2^24 qubits"),
    pytest.param(sampler([packed(library_class("QFT", 3000))]), None, id="QPY that names the library class QFT"),
    pytest.param(sampler([packed(library_class("Permutation", 10**7))]), None, id="QPY that names Permutation"),
    pytest.param(sampler([packed(library_class("EfficientSU2", 3000))]), None, id="QPY that names EfficientSU2"),
    pytest.param(
        sampler([packed(library_class("HRSCumulativeMultiplier", 200))]), None, id="QPY that names a multiplier"
    ),
    pytest.param(sampler(["OPENQASM 2.0; qreg q[5000000];"]), None, id="OpenQASM 2 with five million qubits"),
    pytest.param(
        sampler(['OPENQASM 2.0; include "qelib1.inc"; qreg q[5000000]; h q;']),
        None,
        id="OpenQASM 2 with a gate on five million qubits",
    ),
    pytest.param(
        sampler(["OPENQASM 2.0; qreg q[2000000000];"]), None, id="OpenQASM 2 with two billion qubits, which panics"
    ),
    pytest.param(sampler([nested_gates(22)]), "too-large", id="OpenQASM 2 with 22 nested gates"),
    pytest.param(sampler([nested_gates(5000)]), None, id="OpenQASM 2 with 5000 nested gates"),
    pytest.param(sampler([widening_gates(26)]), None, id="OpenQASM 2 with nested gates that all differ"),
    pytest.param(
        sampler([f"OPENQASM 3.0; qubit q; U({'(' * 100_000}1{')' * 100_000}, 0, 0) q;"]),
        None,
        id="OpenQASM 3 with 100 000 parentheses",
    ),
    pytest.param(sampler(["OPENQASM 3.0; qubit[2000000000] q;"]), None, id="OpenQASM 3 with two billion qubits"),
    pytest.param(
        sampler([{"__type__": "QuantumCircuit", "__value__": zeros(GIANT)}]), "too-large", id="zlib bomb as a circuit"
    ),
    pytest.param(
        sampler([packed(bell()), {"__type__": "ndarray", "__value__": zeros(GIANT)}]),
        "too-large",
        id="zlib bomb as values",
    ),
    pytest.param(
        with_passthrough({"data": zeros(GIANT), "shape": [GIANT], "dtype": "u8"}),
        "too-large",
        id="zlib bomb in what is passed through",
    ),
    pytest.param(b"[" * 1_000_000, "malformed", id="a million opening brackets"),
    pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "malformed", id="100 000 nested objects"),
    pytest.param(
        estimator([packed(QuantumCircuit(1)), [["Z"] * 500] * 500, ndarray([[]])]),
        "too-large",
        id="a quarter of a million observables",
    ),
    pytest.param(
        estimator([packed(QuantumCircuit(1)), [["Z"]] * 1000, ndarray([[]] * 2000)]),
        "too-large",
        id="shapes that broadcast to two million",
    ),
    pytest.param(with_samplex(old_parameter_table), "qpy-version", id="QPY 12 inside a samplex"),
]


@pytest.mark.parametrize(("payload", "problem"), BOMBS)
async def test_a_bomb_is_refused_in_time_while_others_are_served(sandbox, payload, problem):
    refusal = await refused(sandbox, payload)

    if problem is not None:
        assert refusal.problem == problem


@pytest.mark.parametrize("program", ["sampler", "estimator"])
async def test_an_include_neither_reads_nor_quotes_a_file_of_the_server(sandbox, program):
    """Qiskit's parser would open the file and put its words into the error."""
    secret = Path("/etc/hostname").read_text().strip() or socket.gethostname()
    circuit = 'OPENQASM 2.0; include "/etc/hostname"; qreg q[1];'

    refusal = await refused(sandbox, body(program, {"pubs": [[circuit, "Z"] if program == "estimator" else [circuit]]}))

    assert refusal.problem == "openqasm"
    assert secret not in refusal.message
    assert "hostname" not in refusal.message


async def test_a_parser_error_quotes_no_token_of_the_program(sandbox):
    for circuit in ("OPENQASM 2.0; xyzzy plugh;", "OPENQASM 3.0; xyzzy plugh;", 'OPENQASM 3.0; include "xyzzy.inc";'):
        refusal = await refused(sandbox, sampler([circuit]))

        assert refusal.problem == "openqasm"
        assert "xyzzy" not in refusal.message
        assert "plugh" not in refusal.message


async def test_mutated_qpy_ends_in_facts_or_a_refusal(sandbox):
    """Whatever the loader does with it, the gateway has an answer and the next payload a worker."""
    generator = random.Random(13)
    original = raw_qpy(bell(), version=13)
    for _ in range(60):
        mutant = bytearray(original)
        for _ in range(generator.randint(1, 4)):
            mutant[generator.randrange(7, len(mutant))] = generator.randrange(256)
        with contextlib.suppress(UnreadablePayloadError):
            await measure(sandbox, sampler([packed(bytes(mutant))]), "fuzzer")

    assert (await measure(sandbox, sampler([packed(bell())]), "fuzzer")).total_shots == 4096
