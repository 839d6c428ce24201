"""Results under the client's own names: registers, and what belongs to a register, circuit by circuit."""

from gateway.domain import restoring
from tests.fakes import values

ONE = values.register(1, [1])


def item(registers, tensors=()):
    """Give a circuit's result with registers, and tensors, of these names."""
    return values.item(registers=dict.fromkeys(registers, ONE), tensors=dict.fromkeys(tensors, ONE.samples))


def test_names_survive_being_sealed():
    names = ({"r0": "alpha"}, {}, {"r0": "beta", "r1": "gamma"})

    assert restoring.read(restoring.written(names)) == names


def test_each_circuit_gets_its_own_names_back():
    result = values.result(item(["r0"]), item(["r0", "r1"], ["measurement_flips.r1", "evs"]))

    first, second = restoring.restored(result, ({"r0": "alpha"}, {"r0": "beta", "r1": "gamma"})).items

    assert list(first.registers) == ["alpha"]
    assert list(second.registers) == ["beta", "gamma"]
    assert list(second.tensors) == ["measurement_flips.gamma", "evs"]


def test_circuits_that_were_not_renamed_are_left_alone():
    result = values.result(item(["r0"]), item(["c"]))

    assert restoring.restored(result, ()) == result
