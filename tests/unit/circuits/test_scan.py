"""What rules find in texts, and that findings say where and never what."""

import json

import pytest

from gateway.circuits.scan import MOST_LEAKS, looks, scan
from gateway.circuits.secrets import FINDERS
from gateway.circuits.texts import Texts
from gateway.domain.leaks import Action, LeakRule, LeakRules, Place
from gateway.policy import leak_rules

KEY = "AKIA" + "Z7" * 8


def rule(**ways):
    return LeakRule(id=ways.pop("id", "rule"), says="it", action=Action.DENY, severity="high", **ways)


def look(*rules):
    return looks(LeakRules(rules).encoded)


def texts(**places):
    known = Texts()
    for name, given in places.items():
        known.take(given, Place(name.replace("_", "-")))
    return known


@pytest.mark.parametrize(
    ("ways", "text", "hit"),
    [
        pytest.param({"words": ("Blue Fin",)}, "our blue fin run", True, id="words whatever their case"),
        pytest.param({"words": ("blue fin",)}, "circuit_blue_fin_2", True, id="words inside a name"),
        pytest.param({"words": ("bluefin",)}, "bluefins", False, id="a longer word"),
        pytest.param({"words": ("blue-fin",)}, "blue.fin", True, id="words with another gap"),
        pytest.param({"words": ("a.b",)}, "axb", False, id="a word's dot is a dot"),
        pytest.param({"patterns": ("run-[0-9]{4}",)}, "see run-2026", True, id="a pattern"),
        pytest.param({"patterns": ("^run$",)}, "see\nrun\n", True, id="a pattern for a whole line"),
        pytest.param({"patterns": ("run-[0-9]{4}",)}, "run-12", False, id="a pattern that does not fit"),
        pytest.param({"detectors": ("AWSKeyDetector",)}, f"key {KEY}", True, id="a detector"),
        pytest.param({"detectors": ("AWSKeyDetector",)}, "key AKIA", False, id="a detector that sees nothing"),
    ],
)
def test_rules_find(ways, text, hit):
    found = scan(texts(tags=[text]), look(rule(**ways)))

    assert bool(found.leaks) is hit


def test_a_finding_says_where_and_how_often_and_never_what():
    known = texts(tags=[KEY, f"two {KEY[:-1]}A and {KEY}"], comments=[KEY])

    found = scan(known, look(rule(detectors=("AWSKeyDetector",)), rule(id="other", words=("nothing",))))

    assert [(each.rule, each.place, each.circuit, each.count) for each in found.leaks] == [
        ("rule", Place.COMMENTS, None, 1),
        ("rule", Place.TAGS, None, 3),
    ]
    assert found.rules == ("rule", "other")
    assert KEY not in repr(found)


def test_what_only_looks_like_one_text_beside_another_is_no_finding():
    assert not scan(texts(tags=["top", "secret"]), look(rule(words=("top secret",)))).leaks


def test_many_findings_are_told_by_place_alone():
    known = Texts()
    for number in range(MOST_LEAKS + 1):
        known.add(Place.CIRCUIT_NAMES, KEY, number)

    (only,) = scan(known, look(rule(detectors=("AWSKeyDetector",)))).leaks

    assert (only.circuit, only.count) == (None, MOST_LEAKS + 1)


def test_the_scanner_has_the_detectors_that_rules_may_name():
    assert set(FINDERS) == leak_rules.DETECTORS


def test_rules_travel_as_they_are():
    given = rule(words=("x y",), patterns=("é+x",), detectors=("JwtTokenDetector",))

    assert [each.rule for each in look(given)] == [given]
    assert "é" not in json.dumps(LeakRules((given,)).encoded.decode())
