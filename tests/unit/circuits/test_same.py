"""The last look at a changed body: whatever an editor did, what is computed is what was asked for."""

from dataclasses import replace

import numpy as np
import pytest

from gateway.circuits.same import check_values, checked
from gateway.domain.changes import Changes
from gateway.ports.reader import Binding, Item, UnreadableError
from tests.fault.small_house import MEASURED

(CIRCUIT,) = MEASURED.circuits
OTHER = replace(CIRCUIT, digest="ef" * 32)
PARTS = ((4, 4), (3,))
FOUR = Changes(part_shots=4)


def facts(*circuits, digest="as it came"):
    return replace(MEASURED, circuits=circuits, digest=digest)


def runs(shots, circuit=CIRCUIT, **changed):
    return replace(circuit, shots=shots, **changed)


BEFORE = facts(runs(8), runs(3, OTHER))
SENT = (runs(4), runs(4), runs(3, OTHER))


def test_a_program_in_parts_is_known_by_the_digest_of_what_its_client_wrote():
    after = checked(BEFORE, facts(*SENT, digest="as it is sent"), FOUR, PARTS)

    assert (after.digest, after.circuits) == (BEFORE.digest, SENT)


def test_a_program_without_parts_is_the_same_or_nothing():
    assert checked(BEFORE, facts(*SENT), Changes(), ()).digest == BEFORE.digest
    with pytest.raises(UnreadableError, match="not be the same"):
        checked(BEFORE, facts(*SENT, digest="another"), Changes(), ())


def test_fewer_shots_are_what_policy_lets_it_have():
    after = facts(runs(4), runs(1), runs(3, OTHER))

    assert checked(BEFORE, after, Changes(most_shots=5, part_shots=4), ((4, 1), (3,))).circuits == after.circuits


@pytest.mark.parametrize(
    ("after", "parts"),
    [
        pytest.param((runs(4), runs(4, OTHER), runs(3, OTHER)), PARTS, id="another circuit in a part"),
        pytest.param((runs(4), runs(4), runs(3)), PARTS, id="another circuit beside"),
        pytest.param((runs(3, OTHER), runs(4), runs(4)), ((3,), (4, 4)), id="another order"),
        pytest.param((runs(4), runs(4)), ((4, 4),), id="a circuit too few"),
        pytest.param((*SENT, runs(1)), (*PARTS, (1,)), id="a circuit too many"),
        pytest.param((*SENT, runs(1)), PARTS, id="a part that nobody told of"),
        pytest.param((runs(4), runs(3), runs(3, OTHER)), ((4, 3), (3,)), id="a shot too few"),
        pytest.param((runs(4), runs(5), runs(3, OTHER)), ((4, 5), (3,)), id="a shot too many"),
        pytest.param((runs(4), runs(4), runs(3, OTHER)), ((5, 3), (3,)), id="other shots than were told"),
        pytest.param((runs(8), runs(3, OTHER)), ((8,), (3,)), id="a part that is too large"),
        pytest.param((runs(4), runs(4, bindings=9), runs(3, OTHER)), PARTS, id="other parameter sets"),
    ],
)
def test_what_is_not_the_same_work_is_not_sent(after, parts):
    with pytest.raises(UnreadableError, match="not be the same") as caught:
        checked(BEFORE, facts(*after), FOUR, parts)

    assert caught.value.code == "unkept"


def bound(*values):
    """Give an item with these parameter values."""
    given = Binding(values=np.array(values, dtype=np.float64))
    return Item(circuit=None, shape=(), bind=lambda _seed: given, shots=4, precision=None, observables=None)


@pytest.mark.parametrize("parts", [PARTS, ()], ids=["in parts", "whole"])
def test_each_circuit_has_parameter_sets_of_its_own(parts):
    check_values([bound(1.0), bound(1.0), bound(2.0)], parts)


def test_parts_of_a_circuit_have_the_same_parameter_sets():
    with pytest.raises(UnreadableError, match="not be the same"):
        check_values([bound(1.0), bound(np.nextafter(1.0, 2.0)), bound(2.0)], PARTS)
