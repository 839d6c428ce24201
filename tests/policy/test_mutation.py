"""No rule can be switched off or turned round unseen: its tests notice, and so does what is decided at every start."""

import json
from functools import cache

import pytest

from gateway.policy import testing
from gateway.policy.answer import PolicyEngineError, Question, check_selftest
from gateway.policy.bundle import ENTRYPOINT, default_root, load
from gateway.policy.engine_child import Engine
from tests.policy import known, mutation

BUNDLE = load(default_root())
RULES = sorted(path for path in BUNDLE.rego if path.startswith("gateway/rules/"))
TESTING = "gateway/testing/testing.rego"
MUTANTS = {"disabled": mutation.disabled, "inverted": mutation.inverted}


def engine(path, mutant=None):
    """An engine in this process with one rule changed, and the tests beside it."""
    tests = {each: text for each, text in BUNDLE.tests.items() if each in {beside(path), TESTING}}
    rego = {**BUNDLE.rego, **tests}
    rego[path] = MUTANTS[mutant](rego[path]) if mutant else rego[path]
    made = Engine()
    made.load({"rego": rego, "data": json.dumps(BUNDLE.data).encode()})
    return made


def beside(path):
    return f"{path.removesuffix('.rego')}_test.rego"


def outcome_of(made, path):
    """What each test beside a rule comes to; one that fails is undefined, or lacks a case."""
    package = path.rpartition("/")[0].replace("/", ".") + "_test"
    names = [name for name, _ in testing.TEST.findall(BUNDLE.tests[beside(path)])]
    return {name: made.answer({"do": "evaluate", "rule": f"data.{package}.{name}", "input": b"{}"}) for name in names}


@cache
def passing(path):
    return outcome_of(engine(path), path)


def selftested(made):
    for each in BUNDLE.known:
        answer = made.answer({"do": "evaluate", "rule": ENTRYPOINT, "input": each.facts})
        question = Question(id="x", facts=each.facts, engine="x", bundle=BUNDLE)
        check_selftest(each, question.answered(json.loads(answer.get("json", b"null")), 0))


@pytest.mark.parametrize("mutant", MUTANTS)
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.split("/", 2)[2].rpartition("/")[0])
def test_a_rule_that_is_switched_off_or_turned_round_is_noticed(path, mutant):
    made = engine(path, mutant)

    assert outcome_of(made, path) != passing(path), "its own tests"
    with pytest.raises(PolicyEngineError):
        selftested(made)


def test_nothing_is_noticed_where_nothing_changed():
    selftested(engine(RULES[0]))


def test_every_rule_is_known_to_deny():
    """Rules that `main` and `placement` add themselves follow from these."""
    named = {f"{area}/{rule.replace('_', '-')}" for _, _, area, rule, _ in (path.split("/") for path in RULES)}

    assert named <= {rule for each in BUNDLE.known for rule in each.deny}


def test_the_self_tests_are_current():
    committed = {path: path.read_text("utf-8") for path in known.PLACE.glob("*.json")}

    assert committed == known.files(), "run python -m tests.policy.known"


def test_a_self_test_rests_on_the_tables_it_names(tmp_path):
    """Who opens a region is not stopped by our example of a closed one."""
    table = tmp_path / "org" / "witnesses" / "data.json"
    table.parent.mkdir(parents=True)
    table.write_text('{"classification": {}}')

    left = {each.name for each in BUNDLE.known} - {each.name for each in load(default_root(), tmp_path).known}

    assert left == {"deny-unwitnessed"}
