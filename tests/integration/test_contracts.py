"""The contract command: silent while a vendor answers as it did, and exact about what changed."""

import json

import pytest

from tests.contracts import __main__ as contracts
from tests.contracts.callers import VENDORS
from tests.contracts.exchanges import load, replay
from tests.contracts.fake import faked
from tests.contracts.shapes import Known, deviations, learn, merge

KNOWN = Known(words={"/status": ["ready", "done"]}, maps=("/counts",), anything=("/open",))
ANSWER = {
    "status": "ready",
    "shots": 10,
    "error": None,
    "counts": {"0": 0.5, "3": 0.5},
    "jobs": [{"id": "a"}, {"id": "b", "name": None}],
    "open": {"whatever": [1]},
}
SHAPE = learn(ANSWER, KNOWN)


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_our_fakes_answer_as_the_goldens_say(vendor, capsys):
    status = contracts.main([vendor, "--submit"])

    told = capsys.readouterr().out
    assert status == 0, told
    assert told.count("as it was") == len(load(vendor)) >= 9


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_nothing_that_may_cost_is_asked_without_being_told_to(vendor):
    with faked(vendor) as (caller, fake):
        told = {exchange.name: found for exchange, found in replay(load(vendor), caller, submit=False)}

        assert fake.jobs() == []
    assert {exchange.name for exchange in load(vendor) if exchange.costs} <= {
        name for name in told if told[name] is None
    }
    assert not any(told.values())


def test_an_api_that_changed_is_noticed(capsys, monkeypatch):
    """A status, and then a body: the vendor answers otherwise than it did."""
    with faked("ionq") as (caller, fake):
        monkeypatch.setenv("IONQ_API_KEY", caller.known["api_key"])
        rules = [
            {"match": "GET /v0.4/whoami", "kind": "status", "status": 410},
            {"match": "GET /v0.4/backends$", "kind": "garbage", "body": json.dumps([{"backend": 7, "colour": "red"}])},
        ]
        fake.ask("faults", {"rules": rules})
        status = contracts.main(["ionq", "--url", fake.url])

    told = capsys.readouterr().out
    assert status == 1
    assert "status 410 instead of 200" in told
    assert "/*/backend: number instead of string" in told
    assert "/*/colour: new" in told
    assert "/*/qubits: missing" in told
    assert caller.known["api_key"] not in told


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_the_vendor_itself_is_not_asked_without_a_credential(vendor, monkeypatch, capsys):
    for variable in VENDORS[vendor].variables.values():
        monkeypatch.delenv(variable, raising=False)

    assert contracts.main([vendor, "live"]) == 2
    assert "set " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({}, [], id="as it was"),
        pytest.param({"shots": 11, "counts": {"7": 1}, "jobs": []}, [], id="other values"),
        pytest.param({"open": None}, [], id="where nothing is promised"),
        pytest.param({"more": 1}, ["/more: new"], id="a new key"),
        pytest.param({"jobs": [{}]}, ["/jobs/*/id: missing"], id="a key is missing"),
        pytest.param({"jobs": [{"id": 1}] * 9}, ["/jobs/*/id: number instead of string"], id="a type, told once"),
        pytest.param({"error": "x"}, ["/error: string instead of null"], id="no null any more"),
        pytest.param({"shots": True}, ["/shots: boolean instead of number"], id="a boolean is no number"),
        pytest.param({"counts": {"0": "x"}}, ["/counts/*: string instead of number"], id="a type among data"),
        pytest.param({"status": "paused"}, ["/status: the unknown word 'paused'"], id="an unknown word"),
        pytest.param({"jobs": None}, ["/jobs: null instead of list"], id="another kind"),
    ],
)
def test_each_deviation_is_told_with_its_place(changes, told):
    assert list(deviations({**ANSWER, **changes}, SHAPE)) == told


def test_what_was_seen_once_is_possible_and_what_was_always_seen_is_required():
    shape = merge(SHAPE, learn({**ANSWER, "extra": 1, "error": "text"}, KNOWN))

    for answer in (ANSWER, {**ANSWER, "extra": 2}, {**ANSWER, "error": "other"}):
        assert list(deviations(answer, shape)) == []
    assert list(deviations({**ANSWER, "extra": "x"}, shape)) == ["/extra: string instead of number"]


def test_a_shape_holds_no_value():
    """Goldens are committed: what an account holds must not be in them."""
    secret = {"id": "canary-1", "list": ["canary-2"], "data": {"canary-3": "canary-4"}}

    assert "canary" not in json.dumps(learn(secret, Known(maps=("/data",))))
