"""Refusals leave a trace in the ledger without letting anyone fill it, and what was refused is repeated nowhere."""

from collections import Counter

import pytest

from tests.integration import bodies
from tests.integration.people import CANARY, Keys, entries, settle, within
from tests.running import API

pytestmark = pytest.mark.long

PER_MINUTE = 5


def test_refusals_of_a_key_are_entries_up_to_a_number_and_the_rest_is_counted(another):
    """An orderly stop writes down what the minute had gathered."""
    another.settings["GATEWAY_LEDGER__REFUSALS_PER_MINUTE"] = str(PER_MINUTE)
    keys: Keys = within(another, settle)
    another.start()
    for _ in range(PER_MINUTE + 7):
        another.request("GET", f"{API}/jobs/{CANARY}", key=keys["alice"])
    another.request("GET", f"{API}/jobs/{CANARY}", key=keys["bob"])
    for _ in range(3):
        another.request("GET", f"{API}/jobs", key="qgw_live_nobody")
    another.request("GET", f"{API}/jobs")
    metrics = another.metrics()
    another.stop()

    single, counted = entries(another, "request.refused"), entries(another, "requests.refused")

    assert Counter(entry.body["code"] for entry in single) == {"not-found": PER_MINUTE + 1}
    assert len({entry.body["key"] for entry in single}) == 2
    assert [entry.body["codes"] for entry in counted] == [{"not-found": 7, "key-malformed": 3, "credential-missing": 1}]
    assert 'gateway_unauthenticated_total{code="key-malformed"} 3.0' in metrics
    assert f'gateway_refusals_total{{code="not-found"}} {PER_MINUTE + 8:.1f}' in metrics
    assert another.run("audit", "verify").returncode == 0


def test_an_entry_of_a_refusal_says_who_and_what_and_nothing_of_the_request(gateway, keys):
    gateway.request("POST", f"{API}/jobs", key=keys["bob"], body=bodies.golden(program_id=CANARY))

    entry = next(
        each for each in reversed(entries(gateway, "request.refused")) if each.body["code"] == "unknown-program"
    )

    assert entry.body.keys() == {"principal", "key", "dialect", "operation", "code"}
    assert entry.project_id
    assert keys.id["bob"] not in str(entry.body)


def test_a_denial_is_an_entry_with_its_rules_and_sealed_facts(gateway, keys):
    reply = gateway.request(
        "POST", f"{API}/jobs", key=keys["auditor"], body=bodies.golden(tags=["qgw:classification=public"])
    )

    entry = next(
        each.body
        for each in entries(gateway, "job.denied")
        if each.body["decision"]["id"] == reply.headers["qgw-decision-id"]
    )
    assert entry["deny"] == ["access/role-may-submit"]
    assert entry["sealed"]["facts"]["digest"]
    assert entry["classification"] == "internal"


def test_what_clients_wrote_is_in_no_answer_log_ledger_or_plain_row(gateway, keys):
    """A payload is opened with its key or not at all; a log and a ledger are read by many."""
    secret = f"{CANARY} payload"
    circuit = f"OPENQASM 3.0;\n// {secret}\nqubit[2] q; bit[2] c; c = measure q;"
    payloads = [
        bodies.sampler([circuit, None, 10], options={"environment": {"job_tags": [secret]}}, log_level=secret),
        bodies.sampler([f"OPENQASM 3.0; {secret};"]),
        bodies.sampler([{"__type__": secret, "__value__": secret}]),
        bodies.golden(program_id=secret),
        bodies.golden(params={secret: secret}),
        f'{{"{secret}": 1, "{secret}": 2}}'.encode(),
        secret.encode(),
    ]
    volley = [
        gateway.request(
            "POST", f"{API}/jobs", key=keys["alice"], body=body, headers={"x-qx-client-application": secret}
        )
        for body in payloads
    ]
    volley += [
        gateway.request("GET", f"{API}/{CANARY}", key=keys["alice"]),
        gateway.request("GET", f"{API}/jobs?{CANARY}={CANARY}", key=keys["alice"]),
        gateway.request("GET", f"{API}/jobs", key=f"qgw_live_{CANARY}"),
        gateway.request("GET", f"{API}/jobs", token=CANARY),
        gateway.request("GET", f"/{CANARY}"),
    ]
    assert volley[0].status == 200, volley[0].body
    gateway.ended(keys["alice"], volley[0].json()["id"])

    kept = b"".join(path.read_bytes() for path in gateway.state_dir.glob("gateway.sqlite3*"))
    assert [reply.body for reply in volley if CANARY in reply.body.decode()] == []
    for text in (gateway.log(), gateway.cli("audit", "export"), gateway.metrics()):
        assert CANARY not in text
        assert [who for who, key in keys.text.items() if key in text] == []
    assert f"// {secret}".encode() not in kept
    assert [who for who, key in keys.text.items() if key.encode() in kept] == []


def test_names_of_people_and_keys_are_not_in_the_exported_ledger(gateway, keys):
    """The ledger is for ever; who a digest is stands in a table that can be erased."""
    gateway.submit(keys["bob"], bodies.golden())

    export = gateway.cli("audit", "export")

    assert [text for text in (*keys.text.values(), *keys.id.values()) if text in export] == []
