"""An import is said in full, so that one rule of a package can be asked for without evaluating the others."""

import json

import pytest

from gateway.policy.engine_child import Engine
from gateway.policy.engine_dialect import spoken

IMPORT = "package t\n\nimport data.house.names\n\n"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("x := names.backend", "x := data.house.names.backend"),
        ("x := [names.a, names.f(names.b)]", "x := [data.house.names.a, data.house.names.f(data.house.names.b)]"),
        ("x if not names.known", "x if not data.house.names.known"),
        ("x := input.names.a", "x := input.names.a"),
        ('x := "names.a" # names.b', 'x := "names.a" # names.b'),
    ],
)
def test_an_import_is_said_in_full(written, said):
    assert spoken(IMPORT + written) == IMPORT + said


def test_so_is_one_under_another_name():
    rego = "import data.house.names as of_house # why\n\nx := of_house.backend\n"

    assert spoken(rego) == rego.replace("of_house.backend", "data.house.names.backend")


@pytest.mark.parametrize(
    "rego",
    [
        "x if {\n\tsome names in input.list\n\tnames.a\n}",
        "x if {\n\tnames := input.list\n\tnames.a\n}",
        "f(names) := names.a",
        "names.a := 1",
        "x := names",
        'x := names["a"]',
    ],
)
def test_a_name_that_stands_for_something_else_stays(rego):
    assert "data.house.names." not in spoken(IMPORT + rego)


def test_what_nobody_asked_for_is_not_evaluated():
    """The other rule of the package is an error there."""
    engine = Engine()
    house = "package house.names\n\nbackend := input.asked\n\nother := sort(input.asked)\n"
    asked = {"rule": "data.t.x", "input": json.dumps({"asked": "ibm_lund"}).encode()}
    engine.load({"rego": {"n.rego": house, "t.rego": IMPORT + "x := names.backend\n"}, "data": b"{}"})

    assert json.loads(engine.evaluate(asked)["json"]) == "ibm_lund"
