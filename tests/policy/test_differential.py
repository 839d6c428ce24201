"""Two engines, one meaning: whatever facts look like, regorus and OPA decide alike."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy.bundle import default_root, load
from tests.policy import golden, mutation

FACTS = {name: json.loads(facts) for name, facts in golden.all_facts().items()}
ODD = [None, True, False, 0, 1, 2**53 - 1, 10**6, "", "simulator", "hardware", "production", "restricted", [], {}, "*"]
ERRORS = {"engine/error"}


@st.composite
def damaged(draw):
    """Facts with up to three keys removed or replaced."""
    facts = FACTS[draw(st.sampled_from(sorted(FACTS)))]
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(mutation.paths(facts)) or [("schema",)]))
        remove = draw(st.booleans())
        if remove and mutation.paths(facts):
            facts = mutation.without(facts, path)
        else:
            facts = mutation.replaced(facts, path, draw(st.sampled_from(ODD) | st.text(max_size=8)))
    return golden.canonical_json(facts)


def said(decision):
    """What both must say; an error of the engine is a denial on both, in words of its own."""
    rules = {finding.rule for finding in decision.deny}
    if rules & ERRORS:
        return {"allow": False, "error": True}
    return {"deny": decision.deny, "warn": decision.warn, "placement": decision.placement, "allow": decision.allow}


@settings(max_examples=400)
@given(facts=damaged())
def test_damaged_facts_are_decided_alike(embedded, real_opa, loop, facts):
    ours = loop.run(embedded.decide(facts, decision_id="x"))
    theirs = loop.run(real_opa.decide(facts, decision_id="x"))

    assert said(ours) == said(theirs)


def test_policies_that_differ_are_told_apart(embedded, real_opa, bundle):
    """Both reported the revision of what they hold, so equal decisions come from equal policies."""
    assert embedded.bundle.revision == real_opa.bundle.revision == load(default_root()).revision == bundle.revision
