"""What is kept of payloads measured lately: bounded, and never another project's."""

from dataclasses import replace

import pytest

from gateway.circuits.memory import SMALL_BYTES, SMALL_CIRCUITS, Memory
from gateway.domain.circuit import ProgramFacts
from tests.policy.cast import CIRCUIT

FACTS = ProgramFacts(circuits=(CIRCUIT,), total_shots=1, estimated_seconds=0.1, digest="d", payload_versions=())


def named(memory, *, project="p", reader="ibm", body=b"a"):
    return memory.payload(project=project, reader=reader, body=body)


@pytest.mark.parametrize("changed", [{"project": "q"}, {"reader": "ionq"}, {"body": b"b"}])
def test_facts_are_of_one_project_reader_and_body(changed):
    memory = Memory(8)
    memory.keep(named(memory), FACTS)

    assert memory.recall(named(memory)) is FACTS
    assert memory.recall(named(memory, **changed)) is None


def test_what_nobody_asked_for_the_longest_makes_room():
    memory = Memory(2)
    for body in (b"a", b"b"):
        memory.keep(named(memory, body=body), FACTS)
    memory.recall(named(memory, body=b"a"))

    memory.keep(named(memory, body=b"c"), FACTS)

    assert [memory.recall(named(memory, body=body)) is FACTS for body in (b"a", b"b", b"c")] == [True, False, True]


def test_nothing_is_kept_where_nothing_may_be():
    memory = Memory(0)

    memory.keep(named(memory), FACTS)

    assert memory.recall(named(memory)) is None


@pytest.mark.parametrize(("over", "kept"), [(0, True), (1, False)])
def test_only_small_payloads_are_kept(over, kept):
    memory = Memory(2)
    payload = named(memory, body=bytes(SMALL_BYTES + over))

    memory.keep(payload, FACTS)

    assert (memory.recall(payload) is FACTS) is kept


@pytest.mark.parametrize(("over", "kept"), [(0, True), (1, False)])
def test_only_small_programs_are_kept(over, kept):
    memory = Memory(2)
    facts = replace(FACTS, circuits=(CIRCUIT,) * (SMALL_CIRCUITS + over))

    memory.keep(named(memory), facts)

    assert (memory.recall(named(memory)) is facts) is kept
