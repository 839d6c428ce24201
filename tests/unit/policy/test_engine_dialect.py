"""The engine's dialect says the same statement: nothing in texts, comments or other statements is touched."""

import json

import pytest

from gateway.policy.engine_child import Engine
from gateway.policy.engine_dialect import spoken


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("\tsome c in input.circuits\n", "\tc := input.circuits[_]\n"),
        ("\tsome i, c in input.circuits\n", "\tsome i; c := input.circuits[i]\n"),
        ("x := [c.n | some c in input.circuits; c.n > 1]", "x := [c.n | c := input.circuits[_]; c.n > 1]"),
        ("d contains g if some g in c.gates", "d contains g if g := c.gates[_]"),
        ("d if { some g in c.list[i].gates }", "d if { g := c.list[i].gates[_] }"),
        ("\tsome c in input.circuits # of all", "\tc := input.circuits[_] # of all"),
    ],
)
def test_a_collection_that_may_be_null_is_indexed(written, said):
    assert spoken(written) == said


@pytest.mark.parametrize(
    "text",
    [
        'x := "some c in input.circuits"',
        "# some c in input.circuits",
        "x := `some c in input.circuits`",
        "\tsome c in circuits",
        "\tsome [a, b] in input.pairs",
        "\tsome c in input.circuits with input as {}",
        "\tsome c in input.a | input.b",
        "\tsome c in object.keys(input.gates)",
        "\tevery c in input.circuits { c }",
        '\t"a" in input.tags',
        "\tsome i",
    ],
)
def test_everything_else_stays_as_it_is(text):
    assert spoken(text) == text


@pytest.mark.parametrize("value", [None, 1, "abc", True, [], {}, [1, 2], {"a": 1, "b": 2}])
def test_it_means_the_same_for_collections_and_nothing_for_the_rest(value):
    engine = Engine()
    rules = ("a := [x | some x in input.v]", "b := {[k, x] | some k, x in input.v}", "c if {\n\tsome x in input.v\n}\n")
    rego = "\n\n".join(("package t", *rules))
    engine.load({"rego": {"t.rego": rego}, "data": b"{}"})
    asked = {"input": json.dumps({"v": value}).encode()}
    items = dict(enumerate(value)) if isinstance(value, list) else value if isinstance(value, dict) else {}

    assert json.loads(engine.evaluate({**asked, "rule": "data.t.a"})["json"]) == list(items.values())
    assert sorted(json.loads(engine.evaluate({**asked, "rule": "data.t.b"})["json"])) == sorted(
        map(list, items.items())
    )
    assert ("json" in engine.evaluate({**asked, "rule": "data.t.c"})) == bool(items)
