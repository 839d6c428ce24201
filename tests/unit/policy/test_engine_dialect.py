"""The engine's dialect says the same statement: nothing in texts, comments or other statements is touched."""

import json

import pytest

from gateway.policy.engine_child import Engine
from gateway.policy.engine_dialect import spoken

ANY = '{"array", "object", "set"}'


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("\tsome c in input.circuits\n", "\tc := input.circuits[_]\n"),
        ("\tsome i, c in input.circuits\n", f"\ttype_name(input.circuits) in {ANY}; some i, c in input.circuits\n"),
        ("\tsome _, c in input.circuits\n", "\tc := input.circuits[_]\n"),
        ("\tsome i, _ in input.circuits\n", f"\ttype_name(input.circuits) in {ANY}; some i, _ in input.circuits\n"),
        ("x := [c.n | some c in input.circuits; c.n > 1]", "x := [c.n | c := input.circuits[_]; c.n > 1]"),
        ("d contains g if some g in c.gates", "d contains g if g := c.gates[_]"),
        (
            "d contains [i, g] if some i, g in c.gates",
            f"d contains [i, g] if {{ type_name(c.gates) in {ANY}; some i, g in c.gates }}",
        ),
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
        "\tsome _ in input.circuits",
    ],
)
def test_everything_else_stays_as_it_is(text):
    assert spoken(text) == text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("\tnot input.a in closed", "\tinput.a == input.a; not input.a in closed"),
        ('d if not startswith(input.a, "x")', 'd if { input.a == input.a; not startswith(input.a, "x") }'),
        ("\tnot open[input.a] # why", "\tinput.a == input.a; not open[input.a] # why"),
        ("\tnot input.a in {v | some v in input.vs}", "\tinput.a == input.a; not input.a in {v | v := input.vs[_]}"),
        ("x := [a | some a in as; not a in input.b]", "x := [a | some a in as; input.b == input.b; not a in input.b]"),
        ("r := 1 if input.r\n\nd if not f(r)", "r := 1 if input.r\n\nd if { r == r; not f(r) }"),
    ],
)
def test_what_a_negation_is_given_must_be_there(written, said):
    assert spoken(written) == said


@pytest.mark.parametrize(
    "text",
    [
        "\tnot input.a",
        "\tnot input.a == 1",
        "\tnot input.a == data.b.c",
        "\tnot (input.a)",
        "\tnot f(x)",
        "\tnot x in xs",
        '\tnot is_string(object.get(input, "a", null))',
        "\tnot f(input.a) with input.a as 1",
        "d if not f([\n\tinput.a,\n])",
        "d := 1 if not f(input.a) else := 2",
        '# not f(input.a)\nx := "not f(input.a)"',
    ],
)
def test_a_negation_that_both_take_alike_stays_as_it_is(text):
    assert spoken(text) == text


@pytest.mark.parametrize("value", [None, 1, "abc", True, [], {}, [1, 2], {"a": 1, "b": 2}])
def test_it_means_the_same_for_collections_and_nothing_for_the_rest(value):
    engine = Engine()
    nested = "{[k, x] | some w in input.w; some k, x in w.v}"
    rules = ("a := [x | some x in input.v]", f"b := {nested}", "c if {\n\tsome x in input.v\n}\n")
    rego = "\n\n".join(("package t", *rules))
    engine.load({"rego": {"t.rego": rego}, "data": b"{}"})
    asked = {"input": json.dumps({"v": value, "w": [{"v": value}, {"v": value}]}).encode()}
    items = dict(enumerate(value)) if isinstance(value, list) else value if isinstance(value, dict) else {}

    assert json.loads(engine.evaluate({**asked, "rule": "data.t.a"})["json"]) == list(items.values())
    assert sorted(json.loads(engine.evaluate({**asked, "rule": "data.t.b"})["json"])) == sorted(
        map(list, items.items())
    )
    assert ("json" in engine.evaluate({**asked, "rule": "data.t.c"})) == bool(items)
