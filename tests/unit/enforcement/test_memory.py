"""What circuits were labelled before: whose labels bind whom, and that nothing is forgotten in between."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.circuit import ProgramFacts
from gateway.domain.classification import Classification
from gateway.domain.ids import ProjectId
from gateway.domain.remembered import Recognition, Remembered, Scope
from gateway.enforcement.memory import LabelMemory
from gateway.store import rows
from gateway.store.circuit_labels import lowered
from gateway.store.engine import Database
from tests.policy.cast import CIRCUIT, NOW, PROJECT

PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Classification
KEY = b"k" * 32
LARGE = replace(CIRCUIT, fingerprint="f" * 32, skeleton="5" * 32, two_qubit_gates=40)
SMALL = replace(CIRCUIT, fingerprint="1" * 32, two_qubit_gates=2)
TOO_LARGE = replace(LARGE, fingerprint=None, skeleton=None)
STRANGERS = replace(PROJECT, id=ProjectId("pr-other"), team="physics")
COLLEAGUES = replace(PROJECT, id=ProjectId("pr-next"))


class Clock:
    """A clock that tests move."""

    def __init__(self):
        self.at = NOW

    def now(self):
        return self.at


def program(*circuits):
    return ProgramFacts(
        circuits=circuits, total_shots=1, estimated_seconds=1.0, digest="0" * 64, payload_versions=("qpy-17",)
    )


def memory(database, *, scope=Scope.DEPLOYMENT, shared=False, clock=None):
    recognition = Recognition(key=KEY, scope=scope, recognisable_gates=12)
    return LabelMemory(database, recognition, clock or Clock(), shared=shared)


async def label(database, memory, circuit, declared, project=PROJECT):
    """Submit a circuit, to the end."""
    await memory.recall(project, program(circuit))
    writes = memory.learn(project, program(circuit), declared)
    await database.transact(lambda connection: rows.put(connection, writes))
    return writes


@pytest.fixture
async def lite(sqlite_url):
    """A database of one process."""
    opened = await Database.open(sqlite_url)
    yield opened
    await opened.close()


async def test_a_circuit_nobody_labelled_is_public(database):
    assert await memory(database).recall(PROJECT, program(LARGE)) == Remembered()


async def test_a_restricted_circuit_comes_back_as_restricted(database):
    await label(database, memory(database), LARGE, RESTRICTED)

    after_a_restart = await memory(database).recall(STRANGERS, program(SMALL, replace(LARGE, digest="d" * 64)))

    assert (after_a_restart.label, after_a_restart.since) == (RESTRICTED, NOW)


@pytest.mark.parametrize(
    ("scope", "circuit", "bound"),
    [
        pytest.param(Scope.DEPLOYMENT, LARGE, {PROJECT, COLLEAGUES, STRANGERS}, id="everybody"),
        pytest.param(Scope.TEAM, LARGE, {PROJECT, COLLEAGUES}, id="the team"),
        pytest.param(Scope.PROJECT, LARGE, {PROJECT}, id="the project"),
        pytest.param(Scope.DEPLOYMENT, SMALL, {PROJECT}, id="the project alone where the circuit is small"),
        pytest.param(Scope.DEPLOYMENT, TOO_LARGE, {PROJECT, COLLEAGUES, STRANGERS}, id="what is too large, as it was"),
    ],
)
async def test_whom_a_label_binds(lite, scope, circuit, bound):
    known = memory(lite, scope=scope)
    await label(lite, known, circuit, RESTRICTED)

    found = {each: (await known.recall(each, program(circuit))).label for each in (PROJECT, COLLEAGUES, STRANGERS)}

    assert found == {each: RESTRICTED if each in bound else PUBLIC for each in found}


async def test_a_narrower_scope_forgets_nothing_of_ones_own(lite):
    await label(lite, memory(lite), LARGE, RESTRICTED)

    narrow = memory(lite, scope=Scope.PROJECT)

    assert (await narrow.recall(PROJECT, program(LARGE))).label is RESTRICTED
    assert (await narrow.recall(STRANGERS, program(LARGE))).label is PUBLIC


async def test_a_circuit_that_only_resembles_another_is_told_apart(lite):
    known = memory(lite)
    await label(lite, known, LARGE, RESTRICTED)

    found = await known.recall(PROJECT, program(replace(LARGE, fingerprint="e" * 32)))

    assert (found.label, found.resembled) == (PUBLIC, RESTRICTED)


async def test_marks_tell_nothing_without_the_key(lite):
    written = await label(lite, memory(lite), LARGE, RESTRICTED)
    other = Recognition(key=b"x" * 32, scope=Scope.DEPLOYMENT, recognisable_gates=12)

    marks = {write.values["mark"] for write in written}

    assert len(marks) == 4, "by form and by skeleton, for its project and for everybody"
    assert marks.isdisjoint(other.marks(PROJECT, LARGE).all)
    assert not any(form in mark for mark in marks for form in (LARGE.fingerprint, PROJECT.id))


async def test_nothing_is_written_twice_or_for_what_is_public(lite):
    known = memory(lite)

    assert await label(lite, known, LARGE, PUBLIC) == ()
    assert len(await label(lite, known, LARGE, INTERNAL)) == 4
    assert await label(lite, known, LARGE, INTERNAL) == ()
    assert len(await label(lite, known, LARGE, RESTRICTED)) == 4


async def test_what_is_being_written_counts_at_once(lite):
    """Two submissions at the same time: the second does not slip through before the first is durable."""
    known = memory(lite)
    await known.recall(PROJECT, program(LARGE))
    known.learn(PROJECT, program(LARGE), RESTRICTED)

    assert (await known.recall(STRANGERS, program(LARGE))).label is RESTRICTED

    await known.refresh()
    assert (await known.recall(STRANGERS, program(LARGE))).label is RESTRICTED


async def test_what_never_became_durable_is_forgotten_and_learned_again(lite):
    clock = Clock()
    known = memory(lite, clock=clock)
    known.learn(PROJECT, program(LARGE), RESTRICTED)
    assert known.learn(PROJECT, program(LARGE), RESTRICTED) != (), "its entry failed, so it is offered again"

    clock.at += timedelta(minutes=1)

    assert (await known.recall(PROJECT, program(LARGE))).label is PUBLIC


async def test_a_lowered_label_is_taken_in_when_the_database_is_looked_at_again(lite):
    known = memory(lite)
    for write in await label(lite, known, LARGE, RESTRICTED):
        lower = lowered(write.values["mark"], INTERNAL, NOW, fixed=False, before=RESTRICTED)
        await known.recall(PROJECT, program(LARGE))
        await lite.transact(lambda connection, lower=lower: rows.put(connection, [lower]))

    assert (await known.recall(PROJECT, program(LARGE))).label is RESTRICTED
    await known.refresh()
    assert (await known.recall(PROJECT, program(LARGE))).label is INTERNAL


async def test_another_replicas_label_counts_at_once(database):
    """What is not the highest label yet is asked of the database each time."""
    here, there = memory(database, shared=True), memory(database, shared=True)
    await label(database, here, LARGE, INTERNAL)
    assert (await here.recall(PROJECT, program(LARGE))).label is INTERNAL

    await label(database, there, LARGE, RESTRICTED)

    assert (await here.recall(PROJECT, program(LARGE))).label is RESTRICTED


async def test_a_database_that_cannot_be_asked_is_no_clean_bill(lite, caplog):
    """Nobody knows what the circuit was, so policy is told that nobody knows."""
    known = memory(lite)
    await lite.transact(lambda connection: connection.exec_driver_sql("DROP TABLE circuit_label"))

    assert await known.recall(PROJECT, program(LARGE)) is None
