"""The table of what texts must not hold: what it may say, and that nobody starts with one that cannot be followed."""

import json

import pytest

from gateway.domain.classification import Classification
from gateway.domain.leaks import Action, Leak, Place, ResultAction
from gateway.policy import leak_rules, patterns
from gateway.policy.bundle import PolicyBundleError, default_root, load

RULE = {"says": "it", "action": "deny", "severity": "high", "words": ["blue fin"]}


def read(**rules):
    return leak_rules.read({"org": {"dlp": {"rules": rules}}})


def test_a_rule_is_read():
    (rule,) = read(mark=RULE | {"action": "raise", "label": "restricted", "results": "withhold"}).rules

    assert (rule.id, rule.action, rule.label, rule.results) == (
        "mark",
        Action.RAISE,
        Classification.RESTRICTED,
        ResultAction.WITHHOLD,
    )


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        pytest.param({"says": "it"}, "action", id="no action"),
        pytest.param(RULE | {"action": "ignore"}, "action", id="an action nobody knows"),
        pytest.param(RULE | {"note": "x"}, "note", id="a field nobody knows"),
        pytest.param(RULE | {"words": []}, "neither words", id="no way to look"),
        pytest.param(RULE | {"words": ["  "]}, "words", id="a word without a letter"),
        pytest.param(RULE | {"action": "raise"}, "no label", id="a raise to nothing"),
        pytest.param(RULE | {"detectors": ["Oracle"]}, "Oracle", id="a detector nobody has"),
        pytest.param(RULE | {"patterns": ["(a+)+"]}, "repeated without bound", id="a pattern that takes for ever"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(rule, why):
    with pytest.raises(ValueError, match=why):
        read(mark=rule)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        pytest.param(
            RULE | {"action": "dney"},
            'rules.mark.action: "dney" is no action known here; known are deny, warn, raise, strip',
            id="an action",
        ),
        pytest.param(
            RULE | {"results": "drop"},
            'rules.mark.results: "drop" is no action on results known here; known are pass, record, redact, withhold',
            id="an action on results",
        ),
        pytest.param(RULE | {"label": "secret"}, '"secret" is no classification known here', id="a label"),
        pytest.param({**RULE, "word": ["x"]}, 'rules.mark: "word" is no key known here; known are words', id="a key"),
    ],
)
def test_what_is_misspelt_is_said_with_what_may_stand_there(rule, words):
    with pytest.raises(ValueError, match="known here") as refused:
        read(mark=rule)

    assert words in str(refused.value)


def test_what_becomes_of_unread_results_is_recorded_or_withheld():
    with pytest.raises(ValueError, match="unread_results"):
        leak_rules.read({"org": {"dlp": {"unread_results": "redact"}}})

    known = leak_rules.read({"org": {"dlp": {"rules": {"mark": RULE}, "unread_results": "withhold"}}})
    assert known.of_results.unread_results is ResultAction.WITHHOLD


def test_rules_that_pass_results_are_not_looked_for_there():
    assert read(mark=RULE | {"results": "pass"}).of_results.rules == ()


def test_without_a_table_nothing_is_looked_for():
    assert leak_rules.read({"org": {}}).rules == ()


def test_findings_imply_labels():
    rules = read(mark=RULE | {"label": "confidential"}, other=RULE, third=RULE | {"label": "restricted"})
    leak = Leak(rule="mark", place=Place.TAGS, circuit=None, count=1)

    assert rules.labels([leak]) == [Classification.CONFIDENTIAL]
    assert rules.labels([]) == []


def test_rules_of_one_content_have_one_digest():
    assert read(mark=RULE).digest == read(mark=RULE).digest
    assert read(mark=RULE).digest != read(mark=RULE | {"words": ["red fin"]}).digest


def test_a_bundle_with_a_table_that_cannot_be_followed_is_refused(tmp_path):
    table = tmp_path / "org" / "dlp" / "data.json"
    table.parent.mkdir(parents=True)
    table.write_text(json.dumps({"rules": {"mark": {**RULE, "patterns": ["(?=x)x"]}}}))

    words = r"org/dlp/data\.json in policy\.overrides cannot be followed: a pattern of the rule mark .* looks ahead"
    with pytest.raises(PolicyBundleError, match=words):
        load(default_root(), tmp_path)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"run-[0-9]{4}", id="plain"),
        pytest.param(r"(?i)\b(?:a|b)+c{0,63}", id="one repetition at a time"),
        pytest.param(r"(?:\.[a-z]{1,63}){0,4}x", id="bounded in bounded"),
        pytest.param(r"^x[^\s]*$", id="anchors"),
    ],
)
def test_patterns_that_may_be_used(pattern):
    assert patterns.problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        pytest.param(r"(?<!a)b", "ahead or behind", id="looks behind"),
        pytest.param(r"(a)\1", "refers back", id="refers back"),
        pytest.param(r"(?P<q>a)(?(q)b|c)", "refers back", id="depends on a group"),
        pytest.param(r"a++", "possessive", id="possessive"),
        pytest.param(r"(?>ab)", "atomic", id="atomic"),
        pytest.param(r"(?:a*b)*c", "without bound", id="nested repetitions"),
        pytest.param(r"(?:a{1,64})+", "without bound", id="nested, and long enough"),
        pytest.param(r"(x|(?:a+)*)y", "without bound", id="nested deep inside"),
        pytest.param(r"a*", "empty text", id="matches nothing at all"),
        pytest.param(r"(", "no regular expression", id="broken"),
        pytest.param("x" * 1001, "1000 characters", id="too long"),
    ],
)
def test_patterns_that_may_not(pattern, why):
    assert why in patterns.problem(pattern)


def test_every_pattern_of_ours_may_be_used():
    ours = load(default_root()).leak_rules.rules

    assert [p for rule in ours for p in rule.patterns if patterns.problem(p)] == []
    assert len(ours) >= 8
