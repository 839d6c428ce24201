"""What is unknown is not allowed: damage to facts or to policy data never lets a denied job go."""

import asyncio
import json

import pytest

from gateway.policy.bundle import ENTRYPOINT, default_root, load
from tests.policy import golden, mutation

pytestmark = pytest.mark.long

DENIED = {name: json.loads(facts) for name, facts in golden.all_facts().items() if name.startswith("deny-")}
MEANINGFUL_NULLS = {("key", "simulator_consent"), ("job", "simulator_consent"), ("project", "backends")}
"""Here null says something: nobody spoke about consent, or the list is the roles' to keep."""
LOOKED_FOR = ("org", "dlp", "rules")
"""A row of these is also what texts are looked through for: without it there would be no finding to deny by."""


async def allowed(point, facts):
    decisions = await asyncio.gather(*(point.decide(golden.canonical_json(each), decision_id="x") for each in facts))
    return [index for index, decision in enumerate(decisions) if decision.allow]


@pytest.mark.parametrize("name", DENIED)
def test_removing_any_fact_never_turns_a_deny_into_an_allow(point, loop, name):
    paths = list(mutation.paths(DENIED[name]))

    found = loop.run(allowed(point, [mutation.without(DENIED[name], path) for path in paths]))

    assert [paths[index] for index in found] == []


@pytest.mark.parametrize("name", DENIED)
def test_forgetting_any_fact_never_turns_a_deny_into_an_allow(embedded, loop, name):
    paths = [path for path in mutation.paths(DENIED[name]) if path not in MEANINGFUL_NULLS]

    found = loop.run(allowed(embedded, [mutation.replaced(DENIED[name], path, None) for path in paths]))

    assert [paths[index] for index in found] == []


def test_removing_any_fact_of_an_allowed_job_denies_it(embedded, loop):
    """Stronger than it must be: every noun is complete, or nothing goes."""
    facts = json.loads(golden.all_facts()["allow-emulated-device"])
    paths = [path for path in mutation.paths(facts) if "gates" not in path and "gates_by_arity" not in path]

    found = loop.run(allowed(embedded, [mutation.without(facts, path) for path in paths]))

    assert [paths[index] for index in found] == []


def test_removing_any_policy_data_never_turns_a_deny_into_an_allow(engine):
    """An operator's table that forgets a row must not open what the row had closed."""
    data = load(default_root()).data
    for path in (path for path in mutation.paths(data) if path[:-1] != LOOKED_FOR):
        engine.load(mutation.without(data, path))
        for name, facts in DENIED.items():
            answer = engine.decide(facts)
            assert answer is None or answer["allow"] is False, (path, name)


def test_removing_any_rule_denies(engine):
    """A bundle that was cut short is missing denials, which must not look like having none."""
    rego = load(default_root()).rego
    for path in (path for path in rego if path.startswith("gateway/rules/")):
        engine.load(load(default_root()).data, without=path)

        answer = engine.decide(json.loads(golden.all_facts()["allow-hardware"]))

        assert {finding["rule"] for finding in answer["deny"]} >= {"main/required-rules"}, path


@pytest.fixture
def engine():
    """The engine itself, in this process, because every case needs another bundle."""
    return InProcess()


class InProcess:
    def load(self, data, *, without=None):
        from gateway.policy.engine_child import Engine

        rego = {path: text for path, text in load(default_root()).rego.items() if path != without}
        self.engine = Engine()
        self.engine.load({"rego": rego, "data": json.dumps(data).encode()})

    def decide(self, facts):
        answer = self.engine.evaluate({"rule": ENTRYPOINT, "input": json.dumps(facts).encode()})
        return json.loads(answer["json"]) if "json" in answer else None
