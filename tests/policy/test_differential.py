"""Two engines, one meaning: whatever facts and policies look like, regorus and OPA decide alike."""

from pathlib import Path

import pytest

from gateway.policy import obligations, portable
from gateway.policy.bundle import default_root, load
from tests.policy import golden
from tests.policy.differential import compare, compare_all, organisations
from tests.policy.generated import Generator
from tests.policy.houses import rules

pytestmark = pytest.mark.long

COUNT, SEED = 2000, 1
"""`make differential` compares 10 000."""
OFTEN = 5
"""How often every rule must deny, and let go, for the comparison to say something about it."""
FOREIGN = sorted(each for each in (Path(__file__).parent / "foreign").iterdir() if each.is_dir())


def test_generated_facts_are_decided_alike(bundle, opa):
    found = compare_all(organisations(bundle, SEED), COUNT, SEED, opa=opa)

    assert found.differing == []
    assert found.allowed >= COUNT // 10
    assert found.lifted >= COUNT // 10
    assert [kind for kind in obligations.KNOWN if found.obligations[kind] < OFTEN] == []
    places = [each["placement"]["kind"] for each in found.decisions if each.get("placement")]
    assert min(places.count(kind) for kind in ("requested", "simulator")) >= COUNT // 100
    seldom = {rule for rule in rules(bundle) if not OFTEN <= found.denials[rule] <= COUNT - OFTEN}
    assert seldom == set()


@pytest.mark.parametrize("directory", FOREIGN, ids=lambda each: each.name)
def test_policies_of_other_hands_are_decided_alike(directory, opa):
    bundle = load(directory)
    facts = [*golden.all_facts().values(), *Generator(bundle, SEED).facts(500)]

    found = compare(bundle, facts, opa=opa)

    assert found.differing == []
    assert 0 < found.allowed < len(facts)
    assert len(found.denials) > 2


@pytest.mark.parametrize(
    "call", ['crypto.sha256("a")', 'io.jwt.decode("a")', "rego.metadata.rule()", "time.now_ns()", "opa.runtime()"]
)
def test_what_engines_cannot_agree_on_is_refused_with_words(call):
    """Somebody else's policies may use it; whoever loads them is told which line, before anything is decided by it."""
    (found,) = portable.findings(f"package gateway.rules.own.rule\n\nasked := {call}\n")

    assert found == (3, f"the function {call.partition('(')[0]} is not in the portable subset")


def test_the_same_seed_tells_the_same_facts(bundle):
    """A difference that somebody finds can be found again."""
    assert list(Generator(bundle, 7).facts(50)) == list(Generator(bundle, 7).facts(50))


def test_policies_that_differ_are_told_apart(embedded, real_opa, bundle):
    """Both reported the revision of what they hold, so equal decisions come from equal policies."""
    assert embedded.bundle.revision == real_opa.bundle.revision == load(default_root()).revision == bundle.revision
