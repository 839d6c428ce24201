"""Submissions that are wrong: each is refused in words its author can act on, and nothing of it is repeated."""

import gzip
import json
import re
import socket
import struct
from pathlib import Path

import pytest

from tests.integration import bodies, refusals
from tests.integration.bodies import pub, sampler
from tests.integration.people import CANARY, entries
from tests.running import API
from tests.unit.ibm_reader.wire import ndarray, packed, raw_qpy

TEXT = json.dumps(bodies.golden())
PUB_SHOTS = "params.pubs[0][2]"


def submit(gateway, key, body):
    return gateway.request("POST", f"{API}/jobs", key=key, body=body)


def qpy(version: int) -> dict[str, str]:
    raw = bytearray(raw_qpy(bodies.line(2), version=13))
    raw[6] = version
    return packed(bytes(raw))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(b"", "empty", id="nothing"),
        pytest.param(b"{", "byte", id="half a document"),
        pytest.param(b'{"canary-5f1e": }', "byte", id="a member without a value"),
        pytest.param(
            TEXT.replace("{", '{"backend": "canary-5f1e", ', 1).encode(), "'backend' stands twice", id="a key twice"
        ),
        pytest.param(
            TEXT.replace('"options": {', '"options": {"a": 1, "a": 2', 1).encode(),
            "'a' stands twice",
            id="a key twice, deep",
        ),
        pytest.param(
            TEXT.replace('"options": {', '"options": {"a": 1, "\\u0061": 2', 1).encode(),
            "'a' stands twice",
            id="a key twice in two spellings",
        ),
        pytest.param(TEXT.replace("1000", "NaN").encode(), "NaN", id="NaN"),
        pytest.param(TEXT.replace("1000", "-Infinity").encode(), "Infinity", id="minus infinity"),
        pytest.param(TEXT.replace("1000", "1e999").encode(), "too large", id="a number beyond a double"),
        pytest.param(TEXT.replace("1000", "9" * 5000).encode(), "too many digits", id="5000 digits"),
        pytest.param(TEXT.encode() + b"{}", "after the document", id="two documents"),
        pytest.param(TEXT.encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + TEXT.encode(), "byte", id="a byte order mark"),
        pytest.param(TEXT.encode().replace(b"WARNING", b"\xff\xfe"), "UTF-8", id="bytes that are no UTF-8"),
        pytest.param(TEXT.encode().replace(b"WARNING", b"\\ud800"), "surrogate", id="half a surrogate pair"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "nested", id="100 000 arrays inside each other"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested", id="100 000 objects inside each other"),
        pytest.param(b"[" * 5_000_000, "nested", id="five million opening brackets"),
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(gateway, keys, body, told):
    """What policy judged must be what anybody after us reads."""
    message = refusals.check(submit(gateway, keys["mallory"], body), 400, "malformed-json")

    assert told.lower() in message.lower()


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        pytest.param([], "wrong-type", "the body", id="an array"),
        pytest.param("canary-5f1e", "wrong-type", "the body", id="a text"),
        pytest.param(None, "malformed-json", "empty", id="no body"),
        pytest.param({}, "missing-field", "/program_id", id="an empty object"),
        pytest.param(bodies.golden(params=[]), "wrong-type", "/params", id="params as an array"),
        pytest.param(bodies.golden(params={}), "missing-field", "/params", id="params without pubs"),
        pytest.param(
            bodies.golden(params={"pubs": {}, "version": 2}), "wrong-type", "/params/pubs", id="pubs as an object"
        ),
        pytest.param(
            bodies.golden(params={"pubs": [1], "version": 1}),
            "invalid-value",
            "/params/version",
            id="primitives of version 1",
        ),
        pytest.param(sampler(), "invalid-value", "/params/pubs", id="no pubs"),
        pytest.param(bodies.golden(program_id=7), "wrong-type", "/program_id", id="a program that is a number"),
        pytest.param(
            bodies.golden(program_id="../../etc/passwd"), "invalid-value", "/program_id", id="a program that is a path"
        ),
        pytest.param(
            bodies.golden(backend="canary-5f1e\n"), "invalid-value", "/backend", id="a backend with a line break"
        ),
        pytest.param(bodies.golden(backend="c" * 129), "invalid-value", "/backend", id="a backend of 129 letters"),
        pytest.param(bodies.golden(tags="canary-5f1e"), "wrong-type", "/tags", id="tags as text"),
        pytest.param(bodies.golden(tags=[1]), "wrong-type", "/tags/0", id="a tag that is a number"),
        pytest.param(bodies.golden(tags=["canary-5f1e" * 20]), "invalid-value", "/tags/0", id="a tag of 220 letters"),
        pytest.param(bodies.golden(tags=["canary\x00"]), "invalid-value", "/tags/0", id="a tag with a NUL"),
        pytest.param(
            bodies.golden(tags=[f"canary-5f1e-{n}" for n in range(33)]), "tags-refused", "33 tags", id="33 tags"
        ),
        pytest.param(bodies.golden(cost=0), "invalid-value", "/cost", id="no time to run"),
        pytest.param(bodies.golden(cost=10**50), "invalid-value", "/cost", id="10^50 seconds to run"),
        pytest.param(bodies.golden(cost=True), "wrong-type", "/cost", id="true seconds to run"),
        pytest.param(bodies.golden(private="yes"), "wrong-type", "/private", id="privacy in words"),
        pytest.param(
            bodies.golden(start_session=True), "invalid-value", "/start_session", id="a session of the old kind"
        ),
        pytest.param(
            bodies.golden(tags=["qgw:classification=canary"]),
            "unknown-classification",
            "qgw:classification",
            id="no such label",
        ),
        pytest.param(bodies.golden(session_id="canary-5f1e"), "not-found", "session", id="no such session"),
    ],
)
def test_wrong_types_and_values_are_named_by_their_place(gateway, keys, body, code, place):
    status = 404 if code == "not-found" else 400
    reply = submit(gateway, keys["mallory"], body)
    shown = reply.body.decode().replace(CANARY, "") if code == "not-found" else reply.body.decode()

    assert (reply.status, reply.code) == (status, code), reply.body
    assert place in reply.message
    assert CANARY not in shown


def test_a_program_nobody_runs_is_answered_with_those_that_are_run(gateway, keys):
    message = refusals.check(submit(gateway, keys["mallory"], bodies.golden(program_id=CANARY)), 404, "unknown-program")

    assert all(program in message for program in ("sampler", "estimator", "executor"))


@pytest.mark.parametrize(
    ("body", "rule", "told"),
    [
        pytest.param(sampler(pub(shots=0)), "wire/readable", PUB_SHOTS, id="0 shots"),
        pytest.param(sampler(pub(shots=-5)), "wire/readable", PUB_SHOTS, id="minus 5 shots"),
        pytest.param(sampler(pub(shots=1.5)), "wire/readable", PUB_SHOTS, id="one and a half shots"),
        pytest.param(sampler(pub(shots="canary-5f1e")), "wire/readable", PUB_SHOTS, id="shots in words"),
        pytest.param(sampler(pub(shots=10**9)), "backend/capacity", "1000000000 shots", id="10^9 shots"),
        pytest.param(sampler(pub(shots=10**30)), "wire/readable", PUB_SHOTS, id="10^30 shots"),
        pytest.param(sampler(pub(bodies.line(6))), "backend/capacity", "6 qubits", id="6 qubits for 5"),
        pytest.param(
            sampler(pub(bodies.line(200)), backend="sim_heavyhex_127"), "circuits/qubits", "200 qubits", id="200 qubits"
        ),
        pytest.param(sampler([]), "wire/readable", "params.pubs[0]", id="an empty pub"),
        pytest.param(sampler(3), "wire/readable", "params.pubs[0]", id="a pub that is a number"),
        pytest.param(sampler(pub(b"")), "wire/readable", "params.pubs[0][0]", id="QPY without a byte"),
        pytest.param(sampler(pub(b"canary-5f1e" * 9)), "wire/readable", "params.pubs[0][0]", id="QPY that is none"),
        pytest.param(
            sampler(pub(raw_qpy(bodies.line(2))[:-20])), "wire/readable", "params.pubs[0][0]", id="QPY cut short"
        ),
        pytest.param(sampler([qpy(12)]), "wire/readable", "QPY version 12; versions 13 to 18", id="QPY 12"),
        pytest.param(sampler([qpy(99)]), "wire/readable", "QPY version 99; versions 13 to 18", id="QPY 99"),
        pytest.param(
            sampler([{"__type__": "canary-5f1e", "__value__": ""}]),
            "wire/readable",
            "params.pubs[0][0]",
            id="a type nobody knows",
        ),
        pytest.param(
            sampler(
                [
                    {
                        "__type__": "settings",
                        "__module__": "os",
                        "__class__": "system",
                        "__value__": {"command": "canary-5f1e"},
                    }
                ]
            ),
            "wire/readable",
            "params.pubs[0][0]",
            id="a class to be imported",
        ),
        pytest.param(
            sampler([packed(bodies.line(2)), {"__type__": "ndarray", "__value__": "canary!"}]),
            "wire/readable",
            "params.pubs[0][1]",
            id="an array that is no base64",
        ),
        pytest.param(
            sampler([packed(bodies.line(2)), ndarray([[1.0]])]),
            "wire/readable",
            "params.pubs[0]",
            id="values for no parameter",
        ),
        pytest.param(
            sampler(["OPENQASM 3.0; canary-5f1e;"]), "wire/readable", "params.pubs[0][0]", id="OpenQASM that is none"
        ),
        pytest.param(
            bodies.golden(tags=["qgw:simulator=maybe"]),
            "data/gateway-tags",
            "not understood",
            id="a gateway tag misspelt",
        ),
    ],
)
def test_a_job_that_cannot_run_is_denied_by_the_rule_that_says_so(gateway, keys, body, rule, told):
    """The SDK shows the rule's own words; its author reads where to look and what to do."""
    message = refusals.check(submit(gateway, keys["mallory"], body), 403, "policy-denied")

    assert rule in message
    assert told in message
    assert re.search(r"\[decision [0-9a-f-]{36}\]", message)


@pytest.mark.parametrize("include", ["/etc/hostname", "/etc/passwd", "/proc/self/environ", "../../gateway.sqlite3"])
@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_an_include_reads_no_file_of_the_server(gateway, keys, version, include):
    """Qiskit's parser would open the file and quote its words."""
    secrets = {socket.gethostname(), Path("/etc/hostname").read_text().strip(), "root:", "GATEWAY_"} - {""}

    reply = submit(gateway, keys["mallory"], sampler([f'OPENQASM {version}; include "{include}"; qubit q;']))

    refusals.check(reply, 403, "policy-denied")
    assert [secret for secret in secrets if secret in reply.body.decode()] == []


def test_an_unknown_field_is_a_fact_that_policy_judges(gateway, keys):
    """Experiments are warned and run; production does not run what the gateway only half understood."""
    body = bodies.golden(canary_field=1)

    taken = submit(gateway, keys["alice"], body)
    denied = submit(gateway, keys["worker"], body)

    assert taken.status == 200, taken.body
    permitted = next(
        entry.body for entry in entries(gateway, "job.permitted") if entry.body["client_job_id"] == taken.json()["id"]
    )
    assert permitted["decision"]["warn"] == ["wire/unknown-fields"]
    assert "/canary_field" in refusals.check(denied, 403, "policy-denied")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_compressed_body_is_not_read(gateway, keys, encoding):
    """What is not decompressed cannot be a bomb."""
    reply = gateway.request(
        "POST",
        f"{API}/jobs",
        key=keys["mallory"],
        body=gzip.compress(TEXT.encode()),
        headers={"content-encoding": encoding},
    )

    refusals.check(reply, 415, "encoding-refused")


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param("sessions", {}, "missing-field", id="a session on no backend"),
        pytest.param(
            "sessions", {"backend": "sim_line_5", "canary": 1}, "unknown-field", id="a session with an unknown field"
        ),
        pytest.param(
            "sessions",
            {"backend": "sim_line_5", "mode": "canary-5f1e"},
            "invalid-value",
            id="a session of an unknown kind",
        ),
        pytest.param(
            "sessions", {"backend": "sim_line_5", "max_ttl": -1}, "invalid-value", id="a session that is over"
        ),
        pytest.param(
            "sessions", {"backend": "sim_line_5", "max_ttl": "canary"}, "wrong-type", id="a session until a word"
        ),
    ],
)
def test_a_wrong_session_is_refused(gateway, keys, path, body, code):
    refusals.check(gateway.request("POST", f"{API}/{path}", key=keys["mallory"], body=body), 400, code)


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=many",
        "limit=99999999999",
        "offset=-1",
        "pending=perhaps",
        "sort=sideways",
        "created_after=yesterday",
        "created_before=99999999999999",
        "canary=5f1e",
        "tags=qgw%3Aexecution%3Dsimulator",
    ],
)
def test_a_filter_that_cannot_be_is_refused(gateway, keys, query):
    """A filter that is ignored would show jobs that the client meant to leave out."""
    reply = gateway.request("GET", f"{API}/jobs?{query}", key=keys["mallory"])

    assert reply.code in {"invalid-value", "unknown-parameter"}
    refusals.check(reply, 400, reply.code)


@pytest.mark.parametrize(
    "header",
    [pytest.param(struct.pack("!6sBBBBQ", b"QISKIT", 13, 2, 6, 2, 10**6), id="a million circuits in 18 bytes")],
)
def test_a_header_that_promises_more_than_there_is_is_refused(gateway, keys, header):
    refusals.check(submit(gateway, keys["mallory"], sampler(pub(header))), 403, "policy-denied")
