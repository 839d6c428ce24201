"""Facts are written once, canonically, and what is not known is null."""

import hashlib
import json
from dataclasses import replace

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.budget import Level, Unit
from gateway.domain.classification import Classification
from gateway.policy.facts import Facts, canonical, json_schema
from gateway.policy.nouns import LARGEST
from tests.policy.cast import CIRCUIT, KEY, NOW, infeasible, simulator, standing
from tests.policy.golden import EMULATION, ON_HARDWARE

words = st.text(max_size=20)
numbers = st.integers(-(2**70), 2**70)
circuits = st.builds(
    replace,
    st.just(CIRCUIT),
    depth=numbers,
    shots=numbers,
    gates=st.dictionaries(words, numbers, max_size=4),
    gates_by_arity=st.dictionaries(words, numbers, max_size=2),
    clifford=st.booleans(),
)
submissions = st.fixed_dictionaries(
    {
        "program": words,
        "backend": words,
        "tags": st.lists(words, max_size=3).map(tuple),
        "unknown_fields": st.lists(words, max_size=3).map(tuple),
        "options": st.recursive(
            st.none() | st.integers(), lambda inner: st.dictionaries(words, inner, max_size=3), max_leaves=5
        ).map(lambda value: value if isinstance(value, dict) else {"x": value}),
        "max_execution_seconds": st.none() | numbers,
        "sdk": words,
    }
)
stories = st.builds(
    lambda changes, circuits: replace(EMULATION.submitting(**changes), circuits=tuple(circuits)),
    submissions,
    st.lists(circuits, max_size=3),
)


def told(story):
    return msgspec.json.decode(story.facts())


@given(stories)
def test_canonical_facts_are_rfc_8785(story):
    """The digest in the ledger is of these bytes, so a second implementation must write the same ones."""
    facts = story.facts()

    assert facts == rfc8785.dumps(json.loads(facts))


@given(stories)
def test_facts_keep_their_schema_and_can_be_read_back(story):
    facts = story.facts()

    assert canonical(msgspec.json.decode(facts, type=Facts)) == facts


@given(stories)
def test_every_key_is_always_there_and_ascii(story):
    assert set(told(story)) == set(Facts.__struct_fields__)
    assert all(key.isascii() for key in _keys(told(story)))


def _keys(value):
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


def test_the_same_facts_have_the_same_digest():
    once, again = (hashlib.sha256(EMULATION.facts()).digest() for _ in range(2))

    assert once == again


def test_no_fact_is_a_fraction():
    assert '"number"' not in json.dumps(json_schema())


@pytest.mark.parametrize(
    ("value", "want"),
    [
        pytest.param(LARGEST, LARGEST, id="the largest that JSON keeps"),
        pytest.param(LARGEST + 1, None, id="one more is unknown"),
        pytest.param(-1, None, id="less than nothing is unknown"),
    ],
)
def test_numbers_beyond_json_are_unknown(value, want):
    (circuit,) = told(EMULATION.running(depth=value))["circuits"]

    assert circuit["depth"] == want


@pytest.mark.parametrize(
    ("tags", "want"),
    [
        pytest.param((), None, id="nothing said"),
        pytest.param(("paper", "qgw:simulator=allow"), True, id="allowed"),
        pytest.param(("qgw:simulator=deny",), False, id="denied"),
        pytest.param(("qgw:simulator=allow", "qgw:simulator=deny"), False, id="both is a no"),
        pytest.param(("qgw:simulator=yes",), False, id="another word is a no"),
    ],
)
def test_consent_of_a_job(tags, want):
    assert told(EMULATION.submitting(tags=tags))["job"]["simulator_consent"] is want


def test_options_are_named_by_dotted_paths():
    options = {"b": {"y": {"z": 1}, "x": None}, "a": [{"q": 1}], "c": {}}

    assert told(EMULATION.submitting(options=options))["job"]["option_paths"] == ["a", "b.x", "b.y.z", "c"]


def test_gate_names_of_other_alphabets_are_escaped_injectively():
    """Engines sort other alphabets differently, and two names must not become one."""
    (circuit,) = told(EMULATION.running(gates={"é": 1, "\\xe9": 2}))["circuits"]

    assert circuit["gates"] == {"\\xe9": 1, "\\\\xe9": 2}


def test_lone_surrogates_cannot_stop_the_writing_of_facts():
    """JSON escapes can smuggle them into any text."""
    assert told(EMULATION.submitting(backend="sim_\ud800"))["backend"]["asked"] == "sim_?"


def test_times_round_to_the_strict_side():
    """A limit is not missed by rounding: durations up, and a key from the future is new."""
    facts = told(EMULATION.caller_with(key=replace(KEY, created_at=NOW.replace(year=2027))))

    assert facts["simulator"]["cpu_milliseconds"] == 21
    assert facts["job"]["estimated_milliseconds"] == 252
    assert facts["key"]["age_seconds"] == 0


def test_an_endless_estimate_is_unknown():
    facts = told(replace(EMULATION, simulator=simulator(feasibility=infeasible("too large"))))

    assert facts["simulator"]["cpu_milliseconds"] is None
    assert facts["simulator"]["reason"] == "too large"


def test_what_is_absent_is_null_and_still_there():
    facts = told(
        replace(
            ON_HARDWARE, backend=None, status=None, calibrated=None, price_micros=None, standings=None, simulator=None
        )
    )

    assert facts["backend"].pop("asked") == "ibm_lund"
    assert facts["backend"].pop("step") == "requested"
    assert facts["backend"].pop("known") is False
    assert facts["simulator"].pop("enabled") is False
    nouns = (facts[noun] for noun in ("backend", "calibration", "quote", "simulator", "budget"))
    assert {value for noun in nouns for value in noun.values()} == {None}


def test_an_unreadable_payload_is_a_fact_too():
    facts = told(replace(EMULATION, circuits=None, problem=("too-large", "9 MB unpacked, at most 8 MB are read")))

    assert facts["circuits"] is None
    assert facts["job"]["circuit_count"] is None
    assert facts["wire"]["readable"] is False
    assert facts["wire"]["problem_code"] == "too-large"


def test_the_effective_classification_is_what_was_handed_in():
    facts = told(replace(EMULATION, classification=Classification.RESTRICTED))

    assert facts["job"]["classification"] == "restricted"
    assert facts["project"]["classification_floor"] == "internal"


# ── budgets ──────────────────────────────────────────────────────────────────────────────────────
def test_the_projects_tightest_budget_stands_for_all():
    """Old policies read three figures; whoever wants to know more reads every limit."""
    budget = told(
        replace(
            ON_HARDWARE,
            standings=(
                standing(Unit.MONEY, allowed=100, taken=40, name="month"),
                standing(Unit.MONEY, allowed=900, taken=880, held=10, name="year"),
                standing(Unit.MONEY, allowed=1, taken=1, name="everybody", level=Level.ORGANISATION, target=""),
                standing(Unit.SHOTS, allowed=1, taken=1, name="shots"),
            ),
        )
    )["budget"]

    tightest = {name: budget[name] for name in ("limit_micros", "held_micros", "settled_micros", "currency")}
    assert tightest == {"limit_micros": 900, "held_micros": 10, "settled_micros": 880, "currency": "EUR"}
    assert [each["name"] for each in budget["limits"]] == ["everybody", "month", "shots", "year"]


def test_a_limit_says_how_it_stands_and_what_the_job_takes():
    (limit,) = told(
        replace(
            ON_HARDWARE, standings=(standing(Unit.MONEY, allowed=5_000_000, taken=7, held=2, soft_amount=4_000_000),)
        )
    )["budget"]["limits"]

    assert limit == {
        "name": "catalysis-money",
        "level": "project",
        "unit": "money",
        "period": "month",
        "upstream": "",
        "currency": "EUR",
        "allowed": 5_000_000,
        "soft": 4_000_000,
        "held": 2,
        "settled": 7,
        "needed": 1_600_000,
        "resets_at": "2026-11-30T23:00:00.000000Z",
    }


@pytest.mark.parametrize(
    ("unit", "price", "needed"),
    [
        pytest.param(Unit.MONEY, None, None, id="no price"),
        pytest.param(Unit.MONEY, 0, 0, id="free"),
        pytest.param(Unit.JOBS, None, 1, id="one job, whatever it costs"),
        pytest.param(Unit.SHOTS, None, 1000, id="shots"),
        pytest.param(Unit.QPU_MILLISECONDS, 0, 252, id="time on a quantum computer"),
        pytest.param(Unit.SESSION_SECONDS, 0, 0, id="time of a session, which the session holds"),
    ],
)
def test_what_a_job_takes_is_counted_in_the_limits_unit(unit, price, needed):
    story = replace(ON_HARDWARE, price_micros=price, standings=(standing(unit, allowed=10, taken=0),))

    assert told(story)["budget"]["limits"][0]["needed"] == needed


def test_figures_beyond_json_are_unknown():
    (limit,) = told(replace(ON_HARDWARE, standings=(standing(Unit.MONEY, allowed=LARGEST + 1, taken=LARGEST),)))[
        "budget"
    ]["limits"]

    assert (limit["allowed"], limit["settled"]) == (None, LARGEST)
