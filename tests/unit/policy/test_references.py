"""References to what is not there: undefined on every engine, so that a rule with one never fires."""

import pytest

from gateway.policy import references
from gateway.policy.bundle import default_root, load
from gateway.policy.check import check

BUNDLE = load(default_root())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("x if input.requst.shots > 1", "input.requst", id="a noun that is none"),
        pytest.param("x if input.job.total_shot > 1", "input.job.total_shot", id="a fact that is none"),
        pytest.param('x := object.get(input, ["job", "shots"], null)', "input.job.shots", id="asked for by name"),
        pytest.param("x := data.org.limit.experimental", "data.org.limit", id="a table that is not there"),
        pytest.param("import data.gateway.limit", "gateway.limit", id="a package that is not there"),
    ],
)
def test_what_is_not_there_is_found_with_its_line(line, words):
    ((number, message),) = references.findings(BUNDLE, f"package x\n\n{line}\n")

    assert number == 3
    assert words in message


@pytest.mark.parametrize(
    "line",
    [
        "x if input.job.total_shots > 1",
        "x if input.circuits[0].depth > 1",
        "x := data.org.limits.experimental",
        "import data.gateway.limits",
        "# input.nothing is a remark",
        "x := my_input.nothing",
    ],
)
def test_what_is_there_passes(line):
    assert list(references.findings(BUNDLE, line)) == []


def test_rego_that_does_not_compile_is_found_without_opa(tmp_path):
    path = tmp_path / "gateway" / "rules" / "data" / "broken" / "broken.rego"
    path.parent.mkdir(parents=True)
    path.write_text("package gateway.rules.data.broken\n\ndeny contains {\n")

    found = [each for each in check(default_root(), overrides=tmp_path, opa="none") if "compile" in each.message]

    assert [each.path for each in found] == ["gateway/rules/data/broken/broken.rego"]


def test_regal_gives_advice_that_does_not_count(tmp_path):
    """A stand-in: Regal itself cannot be had from every network."""
    regal = tmp_path / "regal"
    report = '{"violations":[{"title":"line-length","category":"style","description":"Line too long",'
    place = '"location":{"file":"gateway/main/main.rego","row":3}}]}'
    regal.write_text(f"#!/bin/sh\ncat <<'EOF'\n{report}{place}\nEOF\n")
    regal.chmod(0o755)

    (advice,) = check(default_root(), opa="none", regal=str(regal))

    assert (advice.advice, advice.line, advice.message) == (True, 3, "regal style/line-length: Line too long")
