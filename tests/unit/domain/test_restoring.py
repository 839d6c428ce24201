"""Results as if nothing had been changed: registers under the client's own names, and parts that are one circuit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import restoring
from gateway.domain.changes import Parts, Undo
from gateway.domain.circuit import program_digest
from gateway.domain.result import Register, Tensor
from tests.fakes import values
from tests.fault.small_house import MEASURED

ONE = values.register(1, [1])


def item(registers, tensors=()):
    """Give a circuit's result with registers, and tensors, of these names."""
    return values.item(registers=dict.fromkeys(registers, ONE), tensors=dict.fromkeys(tensors, ONE.samples))


@pytest.mark.parametrize(
    "undo",
    [
        pytest.param(Undo(registers=({"r0": "alpha"}, {}, {"r0": "beta", "r1": "gamma"})), id="names"),
        pytest.param(Undo(registers=({"r0": "alpha"},), parts=((4, 4, 2),)), id="names and parts"),
        pytest.param(Undo(parts=((4, 4, 2), (3,))), id="parts"),
    ],
)
def test_what_undoes_survives_being_sealed(undo):
    assert restoring.read(restoring.written(undo)) == undo


def test_what_was_sealed_before_there_were_parts_is_read():
    assert restoring.read(b'{"registers":[{"r0":"alpha"}]}') == Undo(registers=({"r0": "alpha"},))


def test_each_circuit_gets_its_own_names_back():
    result = values.result(item(["r0"]), item(["r0", "r1"], ["measurement_flips.r1", "evs"]))
    undo = Undo(registers=({"r0": "alpha"}, {"r0": "beta", "r1": "gamma"}))

    first, second = restoring.restored(result, undo).items

    assert list(first.registers) == ["alpha"]
    assert list(second.registers) == ["beta", "gamma"]
    assert list(second.tensors) == ["measurement_flips.gamma", "evs"]


def test_circuits_that_were_not_renamed_are_left_alone():
    result = values.result(item(["r0"]), item(["c"]))

    assert restoring.restored(result, Undo()) == result


# ── parts ────────────────────────────────────────────────────────────────────────────────────────
def part(samples, bits):
    """Give a circuit's result that read these samples in one register."""
    tensor = Tensor(dtype="uint8", shape=samples.shape, data=samples.tobytes())
    register = Register(bits=bits, samples=tensor)
    return values.item(registers={"c": register}, shape=samples.shape[:-2], shots=samples.shape[-2])


@st.composite
def divided(draw):
    """Give what registers of several circuits read, and where their shots were divided."""
    whole, parts = [], []
    for _ in range(draw(st.integers(1, 3))):
        bits = draw(st.integers(1, 20))
        shape = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
        shares = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
        size = (*shape, sum(shares), -(-bits // 8))
        seed = draw(st.integers(0, 2**32 - 1))
        whole.append((np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8), bits))
        parts.append(shares)
    return whole, tuple(parts)


@given(divided())
def test_what_was_divided_is_put_together_byte_for_byte(given_):
    """Every parameter set has the shots of its parts behind each other, in the order in which they were sent."""
    whole, parts = given_
    pieces = [
        part(np.ascontiguousarray(piece), bits)
        for (samples, bits), shares in zip(whole, parts, strict=True)
        for piece in np.split(samples, np.cumsum(shares)[:-1], axis=-2)
    ]

    made = restoring.restored(values.result(*pieces), Undo(parts=parts)).items

    assert [each.registers for each in made] == [part(samples, bits).registers for samples, bits in whole]
    assert [each.shots for each in made] == [sum(shares) for shares in parts]


def pieces(*, parts: Parts = ((2, 1),), **changed):
    """Put two parts of one circuit together, of which the second is changed so."""
    first = part(np.zeros((2, 1), dtype=np.uint8), 3)
    second = replace(part(np.zeros((1, 1), dtype=np.uint8), 3), **changed)
    return restoring.restored(values.result(first, second), Undo(parts=parts))


def test_parts_say_that_they_were_some_and_keep_what_they_agree_on():
    first = replace(part(np.zeros((2, 1), dtype=np.uint8), 3), metadata={"method": "exact", "seen": 1, "shots": 2})
    second = replace(part(np.zeros((1, 1), dtype=np.uint8), 3), metadata={"method": "exact", "seen": 2, "shots": 1})

    (made,) = restoring.restored(values.result(first, second), Undo(parts=((2, 1),))).items

    assert made.metadata == {"method": "exact", "shots": 3, "qgw": {"parts": [2, 1]}}
    assert made.summary.shots == 3


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"parts": ((2, 1), (1,))}, "2 results of 3 parts", id="a part too few"),
        pytest.param({"parts": ((3,),)}, "2 results of 1 parts", id="a part too many"),
        pytest.param({"parts": ((1, 2),)}, "different shapes", id="other shots than were sent"),
        pytest.param({"registers": {"d": ONE}}, "different registers", id="another register"),
        pytest.param({"registers": {"c": values.register(4, [0])}}, "different shapes", id="another width"),
        pytest.param({"registers": {"c": values.register(3, [0], (1,))}}, "different shapes", id="parameter sets"),
        pytest.param({"tensors": {"evs": ONE.samples}}, "more than samples", id="an estimate"),
    ],
)
def test_parts_that_do_not_fit_are_no_result(changed, words):
    with pytest.raises(ValueError, match=words):
        pieces(**changed)


def test_names_are_those_of_circuits_and_not_of_their_parts():
    made = restoring.restored(
        values.result(item(["r0"]), item(["r0"]), item(["r0"])),
        Undo(registers=({"r0": "alpha"}, {"r0": "beta"}), parts=((1, 1), (1,))),
    )

    assert [list(each.registers) for each in made.items] == [["alpha"], ["beta"]]


def test_the_digest_of_parts_is_that_of_the_program_as_its_client_wrote_it():
    (circuit,) = MEASURED.circuits
    other = replace(circuit, digest="ef" * 32)
    sent = replace(MEASURED, circuits=(circuit, circuit, other), digest="of what was sent")

    assert restoring.whole_digest(sent, Undo(parts=((4, 4), (4,)))) == program_digest([circuit, other])
    assert restoring.whole_digest(sent, Undo()) == "of what was sent"
