"""Circuits in several parts: the same encoded circuit and values, all shots, and nothing that cannot come back."""

import json
from collections import Counter

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from adapters.ibm import splitting
from adapters.ibm.editor import IbmEditor
from adapters.ibm.reader import IbmReader
from gateway.circuits.limits import SandboxLimits
from gateway.circuits.measure import measure
from gateway.circuits.same import checked
from gateway.domain.changes import Changes
from gateway.ports.reader import UnreadableError
from tests.unit.ibm_reader.wire import bell, body, estimator, ndarray, packed, sampler

LIMITS = SandboxLimits().reading


def read(given):
    return IbmReader().read(given, LIMITS)


def edited(given, **changes):
    """Change a body as a worker does, which looks at what it has made."""
    program, wanted = read(given), Changes(**changes)
    facts = measure(program)
    done = IbmEditor().edit(given, program, facts, wanted)
    checked(facts, measure(read(done.body)), wanted, done.undo.parts)
    return done


def pubs(done):
    return json.loads(done.body)["params"]["pubs"]


def turned():
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize(
    ("asked", "each", "parts"),
    [
        pytest.param(8, 4, (4, 4), id="full parts"),
        pytest.param(10, 4, (4, 4, 2), id="the rest is the last part"),
        pytest.param(5, 4, (4, 1), id="one shot too many"),
        pytest.param(3, 1, (1, 1, 1), id="shot by shot"),
    ],
)
def test_a_circuit_is_sent_as_often_as_it_has_parts(asked, each, parts):
    circuit = packed(bell())
    done = edited(sampler([circuit, None, asked]), part_shots=each)

    assert pubs(done) == [[circuit, None, shots] for shots in parts]
    assert done.undo.parts == (parts,)
    assert [change.kind for change in done.made] == ["split-shots"]
    assert f"at most {each} shots" in done.made[0].words


def test_what_fits_into_one_part_keeps_its_bytes():
    given = sampler([packed(bell()), None, 4], [packed(bell()), None, 3])

    done = edited(given, part_shots=4)

    assert (done.body, done.made, done.undo.parts) == (given, (), ())


def test_every_parameter_set_is_in_every_part():
    values = ndarray([[0.0], [1.0], [2.0]])
    done = edited(sampler([packed(turned()), values, 7], [packed(bell())]), part_shots=4096 // 2)

    assert done.undo.parts == ((7,), (2048, 2048))
    assert pubs(done)[0][1] == values
    both = edited(sampler([packed(turned()), values, 7]), part_shots=4)
    assert [pub[1:] for pub in pubs(both)] == [[values, 4], [values, 3]]


def test_fewer_shots_come_before_parts():
    done = edited(sampler([packed(bell()), None, 100], [packed(bell()), None, 3]), most_shots=9, part_shots=4)

    assert done.undo.parts == ((4, 4, 1), (3,))
    assert [change.kind for change in done.made] == ["cap-shots", "split-shots"]


def test_a_circuit_without_its_names_is_written_once_for_all_its_parts():
    done = edited(sampler([packed(bell()), None, 12]), part_shots=1, strip=("names",), relabel=True)

    assert set(Counter(pub[0]["__value__"] for pub in pubs(done)).values()) == {12}
    assert done.undo.registers == ({"r0": "meas"},)


@pytest.mark.parametrize("most", [splitting.MOST_PUBS, splitting.MOST_PUBS - 1])
def test_a_job_is_no_more_circuits_than_ibm_takes(monkeypatch, most):
    monkeypatch.setattr(splitting, "MOST_PUBS", most)
    given = sampler([packed(bell()), None, 300])

    if most == 300:
        assert len(pubs(edited(given, part_shots=1))) == 300
    else:
        with pytest.raises(UnreadableError, match="it is 300 circuits, and a job has 299 at most"):
            edited(given, part_shots=1)


def test_a_huge_number_of_shots_is_refused_before_it_is_written_down():
    with pytest.raises(UnreadableError, match="a job has 300 at most"):
        edited(sampler([packed(bell()), None, 2**52]), part_shots=1)


def test_a_body_that_becomes_too_large_is_refused_before_it_is_written(monkeypatch):
    monkeypatch.setattr(splitting, "MOST_BYTES", 2**10)

    with pytest.raises(UnreadableError, match="in parts it is more than"):
        edited(sampler([packed(bell()), None, 300]), part_shots=1)


def plain(**params):
    """Give a sampler for people without Qiskit, with parameter values and other parameters of the job's."""
    pub = [packed(turned()), ndarray([[0.0], [1.0]]), 10]
    return body("sampler", {"pubs": [pub], "options": {}, "version": 2, **params})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(
            sampler([packed(bell()), None, 10], execution={"meas_type": "kerneled"}), "not classified", id="raw signals"
        ),
        pytest.param(
            sampler([packed(bell()), None, 10], execution={"meas_type": ["avg_kerneled"]}),
            "not classified",
            id="nonsense",
        ),
        pytest.param(sampler([packed(bell()), None, 10], twirling={"enable_gates": True}), "twirls", id="of gates"),
        pytest.param(
            sampler([packed(bell()), None, 10], twirling={"enable_measure": True, "num_randomizations": 2}),
            "twirls",
            id="of measurements",
        ),
        pytest.param(plain(support_qiskit=False), "plain JSON", id="a row of samples for all parameter sets"),
        pytest.param(
            estimator([packed(bell().remove_final_measurements(inplace=False)), {"ZZ": 1}, None, 0.1]),
            "this is an estimator",
            id="an estimate",
        ),
    ],
)
def test_what_could_not_be_put_together_is_not_sent_in_parts(given, words):
    with pytest.raises(UnreadableError, match=words) as caught:
        edited(given, part_shots=9)

    assert caught.value.code == "unkept"


def test_options_that_ask_for_nothing_special_are_no_reason():
    given = sampler(
        [packed(bell()), None, 10],
        execution={"meas_type": "classified", "init_qubits": True},
        twirling={"enable_gates": False, "num_randomizations": "auto"},
    )

    assert edited(given, part_shots=9).undo.parts == ((9, 1),)


def test_values_by_name_stay_by_name():
    done = edited(sampler([packed(turned()), {"angle": ndarray(np.array([0.5]))}, 2]), part_shots=1)

    assert [pub[1] for pub in pubs(done)] == [{"angle": ndarray(np.array([0.5]))}] * 2
