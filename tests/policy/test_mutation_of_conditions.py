"""No condition of the libraries that lift, oblige and hold back can be taken away or turned round unseen."""

import json
import re

import pytest

from gateway.policy import testing
from gateway.policy.bundle import default_root, load
from gateway.policy.engine_child import Engine
from tests.policy import mutation

pytestmark = pytest.mark.long

BUNDLE = load(default_root())
TESTED_BY = {
    "enforcement": ("gateway.enforcement_test",),
    "obliged": ("gateway.rules.obligations.",),
    "approvals": ("gateway.rules.approval.",),
}
"""The packages of tests that speak for each."""
ALIKE = {"is_object(glass)", "is_number(value)", "_approval.granted == true"}
"""What only keeps engines from failing, or says again what follows from the rest."""


def speaking_for(library):
    found = []
    for path, text in BUNDLE.tests.items():
        package = re.search(r"^package (\S+)", text, re.MULTILINE)[1]
        if path.endswith("_test.rego") and package.startswith(TESTED_BY[library]):
            found += [f"data.{package}.{name}" for name, _ in testing.TEST.findall(text)]
    return found


def engine(path, text):
    made = Engine()
    made.load({"rego": {**BUNDLE.rego, **BUNDLE.tests, path: text}, "data": json.dumps(BUNDLE.data).encode()})
    return made


def answer(made, name):
    return made.answer({"do": "evaluate", "rule": name, "input": b"{}"})


@pytest.mark.parametrize("library", TESTED_BY)
def test_a_condition_that_is_gone_or_turned_round_is_noticed(library):
    path = f"gateway/{library}/{library}.rego"
    sound = engine(path, BUNDLE.rego[path])
    wanted = {name: answer(sound, name) for name in speaking_for(library)}
    mutants = list(mutation.conditions(BUNDLE.rego[path]))

    unseen = [
        words for words, text in mutants if words.partition(": ")[2] not in ALIKE and not noticed(path, text, wanted)
    ]

    assert len(mutants) > 20
    assert unseen == []


def noticed(path, text, wanted):
    """A library that does not even load is noticed, too."""
    try:
        mutant = engine(path, text)
    except RuntimeError:
        return True
    return any(answer(mutant, name) != before for name, before in wanted.items())
