"""What the two engines understand differently is found before it decides anything."""

import pytest

from gateway.policy.portable import findings

PACKAGE = "package gateway.rules.a.b\n\nimport data.gateway.result\n\n_rule if true\n\ndefault _sure := false\n\n"


@pytest.mark.parametrize(
    "line",
    [
        'x := http.send({"url": "x"})',
        "x := time.now_ns()",
        'x := io.jwt.decode("a")',
        'x := crypto.sha256("a")',
        'x := upper("ß")',
        "x := opa.runtime()",
        "x if not is_array(input.tags)",
        'x if not "a" in data.org.list',
        'x if not startswith(input.a, "b") with input as {}',
        "x if not is_number(_rule)",
        "x if not is_string(place.vendor)",
        "x if not is_string(row[column])",
        "x if not vendors[input.backend.vendor]",
        "x if not vendors[_rule]",
        "x contains w.name if some w in input.list",
        "x contains f(w.name) if some w in input.list\n\nf(n) := n",
        'x contains {"a": input.b} if input.c',
        "x contains [\n\tw.name,\n] if {\n\tsome w in input.list\n\tw.size > 1\n}\n\ny := w.name",
        "x := 1.5",
        'x := sprintf("%.2f", [1])',
        'x := sprintf("%5d", [1])',
        'x := $"{input.a}"',
    ],
)
def test_differences_are_found(line):
    assert [words for _, words in findings(PACKAGE + line)] != []


@pytest.mark.parametrize(
    "line",
    [
        "x if not input.a == true",
        "x if not _rule",
        "x if not is_array(value)",
        "x if not result.is_finding(value)",
        "x if not value in {1, 2}",
        "x if not _sure in {true}",
        'x := "http.send(1.5) is only said" # and time.now_ns() too',
        'x := sprintf("%s %d %v %q %%", ["a", 1, [], "b"])',
        "x := result.denial(1)",
        'x if regex.match(`^not is_array\\(input.x\\)$`, "a")',
        "y(z) := z\n\nx := y(1)",
        "x contains [w.name] if {\n\tsome w in input.list\n\tw.name != 1\n}",
        'x contains {"a": result.words, "b": table[k]} if some k in input.list\n\ntable := {}',
    ],
)
def test_what_both_understand_passes(line):
    assert list(findings(PACKAGE + line)) == []


def test_a_keyword_in_a_package_name_is_found():
    assert list(findings("package gateway.default.b\n")) == [(1, "the package name has the keyword default")]


def test_the_line_is_named():
    assert [line for line, _ in findings(f"{PACKAGE}x := time.now_ns()")] == [9]
