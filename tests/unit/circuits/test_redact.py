"""What is taken out of a vendor's document, and that all else stays byte for byte."""

import json

import pytest

from gateway.circuits.redact import screen
from gateway.circuits.scan import looks
from gateway.circuits.texts import MOST_CHARACTERS
from gateway.domain.leaks import Action, LeakRule, LeakRules, ResultAction

KEY = "AKIA" + "Z7" * 8


def screened(body, results=ResultAction.REDACT, **ways):
    ways = ways or {"detectors": ("AWSKeyDetector",)}
    rule = LeakRule(id="cloud-key", says="it", action=Action.DENY, severity="high", results=results, **ways)
    return screen({"result": body}, looks(LeakRules((rule,)).encoded))


@pytest.mark.parametrize(
    ("body", "redacted"),
    [
        pytest.param(
            b'{ "a":1.50, "log" : "x\\n%s y","n":1e-05}' % KEY.encode(),
            b'{ "a":1.50, "log" : "x\\n[redacted: cloud-key] y","n":1e-05}',
            id="a text among numbers",
        ),
        pytest.param(b'{"%s": [1]}' % KEY.encode(), b'{"[redacted: cloud-key]": [1]}', id="a key"),
        pytest.param(b"log of %s\n" % KEY.encode(), b"log of [redacted: cloud-key]\n", id="a text that is no JSON"),
        pytest.param(b'"%s"' % KEY.encode(), b'"[redacted: cloud-key]"', id="one text alone"),
        pytest.param(
            json.dumps({"a": json.dumps({"b": KEY})}).encode(),
            json.dumps({"a": json.dumps({"b": "[redacted: cloud-key]"})}).encode(),
            id="JSON inside JSON",
        ),
    ],
)
def test_only_what_was_found_is_replaced(body, redacted):
    found = screened(body)

    assert found.redacted == {"result": redacted}
    assert [(each.rule, each.document, each.count) for each in found.leaks] == [("cloud-key", "result", 1)]


@pytest.mark.parametrize("results", [ResultAction.RECORD, ResultAction.WITHHOLD])
def test_what_is_not_to_be_taken_out_is_told_alone(results):
    found = screened(b'["%s"]' % KEY.encode(), results)

    assert found.leaks
    assert found.redacted == {}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            b'{"counts": {"0x1": 3, "01 10": 4}, "x": "%s"}' % (b"A" * 4000 + KEY.encode()), id="packed arrays"
        ),
        pytest.param(b'{"a": "nothing"}', id="nothing"),
        pytest.param(b"", id="an empty document"),
    ],
)
def test_what_holds_nothing_stays_as_it_is(body):
    assert screened(body) == screen({}, ())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x00\xff", id="no text"),
        pytest.param(b'["\xff\xfe\xfd\xfc"]', id="no UTF-8"),
        pytest.param(json.dumps(["a long text " * (MOST_CHARACTERS // 10)]).encode(), id="too much text"),
    ],
)
def test_what_nobody_can_read_is_told(body):
    assert screened(body).unread == ("result",)


def test_the_whole_of_a_private_key_goes():
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"
    found = screened(
        json.dumps({"log": pem}).encode(), patterns=("-----BEGIN PRIVATE KEY-----[^-]{0,100}-----END PRIVATE KEY-----",)
    )

    assert found.redacted["result"] == b'{"log": "[redacted: cloud-key]"}'
