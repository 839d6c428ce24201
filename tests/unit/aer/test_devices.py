from collections import Counter

import pytest

from adapters.aer import devices, lattice
from gateway.domain.backend import ExecutionKind


def test_the_127_qubit_lattice_has_the_published_shape():
    """Eagle: 127 qubits, 144 couplings, no qubit with more than three neighbours, one piece."""
    edges = lattice.heavy_hex(7, 15)
    degrees = Counter(qubit for edge in edges for qubit in edge)

    assert set(degrees) == set(range(127))
    assert len(edges) == len(set(edges)) == 144
    assert Counter(degrees.values()) == {1: 2, 2: 89, 3: 36}
    assert _reached(edges) == set(range(127))
    assert {(0, 14), (14, 18), (4, 15), (20, 33), (33, 39), (109, 96), (112, 126)} <= {*edges, *_turned(edges)}


def test_the_27_qubit_lattice_has_the_published_shape():
    """Falcon: two rings of twelve that share a side, six qubits hanging from them."""
    edges = lattice.falcon()
    degrees = Counter(qubit for edge in edges for qubit in edge)

    assert set(degrees) == set(range(27))
    assert len(edges) == 28
    assert sorted(qubit for qubit, degree in degrees.items() if degree == 1) == [0, 6, 9, 17, 20, 26]
    assert max(degrees.values()) == 3
    assert _reached(edges) == set(range(27))


@pytest.mark.parametrize("name", devices.NAMES)
def test_a_device_lists_what_it_couples_both_ways_and_says_that_it_is_a_simulator(name):
    device = devices.device(name)

    assert set(device.coupling_map) == set(_turned(device.coupling_map))
    assert {pair for spec in device.gates if spec.name in {"cz", "rzz"} for pair in spec.qubits} == set(
        device.coupling_map
    )
    assert {spec.name for spec in device.gates} == set(device.basis_gates)
    assert {"measure", "reset", "delay", "if_else"} <= set(device.supported_instructions)
    assert device.name.startswith("sim_")
    assert device.kind is ExecutionKind.SIMULATOR
    assert device.processor_family == "Simulator"
    assert "no quantum hardware" in device.description


def test_an_unknown_device_is_no_device():
    with pytest.raises(KeyError):
        devices.device("ibm_fez")


def _turned(edges):
    return [(second, first) for first, second in edges]


def _reached(edges):
    reached = {0}
    while more := {b for a, b in [*edges, *_turned(edges)] if a in reached} - reached:
        reached |= more
    return reached
