"""Two engines, one meaning: whatever facts and policies look like, regorus and OPA decide alike."""

from pathlib import Path

import pytest

from gateway.policy.bundle import default_root, load
from tests.policy import golden
from tests.policy.differential import compare
from tests.policy.generated import Generator

COUNT, SEED = 2000, 1
"""`make differential` compares 10 000."""
OFTEN = 5
"""How often every rule must deny, and let go, for the comparison to say something about it."""
FOREIGN = sorted(each for each in (Path(__file__).parent / "foreign").iterdir() if each.is_dir())


def test_generated_facts_are_decided_alike(bundle, opa):
    found = compare(bundle, list(Generator(bundle, SEED).facts(COUNT)), opa=opa)

    assert found.differing == []
    assert found.allowed >= COUNT // 10
    places = [each["placement"]["kind"] for each in found.decisions if each.get("placement")]
    assert min(places.count(kind) for kind in ("requested", "simulator")) >= COUNT // 100
    seldom = {rule for rule in rules(bundle) if not OFTEN <= found.denials[rule] <= COUNT - OFTEN}
    assert seldom == set()


def rules(bundle):
    paths = [path.split("/") for path in bundle.rego if path.startswith("gateway/rules/")]
    return {f"{area}/{rule.replace('_', '-')}" for _, _, area, rule, _ in paths}


@pytest.mark.parametrize("directory", FOREIGN, ids=lambda each: each.name)
def test_policies_of_other_hands_are_decided_alike(directory, opa):
    bundle = load(directory)
    facts = [*golden.all_facts().values(), *Generator(bundle, SEED).facts(500)]

    found = compare(bundle, facts, opa=opa)

    assert found.differing == []
    assert 0 < found.allowed < len(facts)
    assert len(found.denials) > 2


def test_the_same_seed_tells_the_same_facts(bundle):
    """A difference that somebody finds can be found again."""
    assert list(Generator(bundle, 7).facts(50)) == list(Generator(bundle, 7).facts(50))


def test_policies_that_differ_are_told_apart(embedded, real_opa, bundle):
    """Both reported the revision of what they hold, so equal decisions come from equal policies."""
    assert embedded.bundle.revision == real_opa.bundle.revision == load(default_root()).revision == bundle.revision
