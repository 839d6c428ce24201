"""No credential and no payload comes out anywhere: canaries are planted, everything is driven, every output searched.

Each dialect's jobs run and fail, and vendors answer with errors that repeat what they were sent, key included.
"""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from gateway.ports import registry
from tests.integration import planting
from tests.integration.canaries import Outputs, cells, files, spellings, surroundings
from tests.integration.planting import PAYLOAD, VENDORS, Deployment
from tests.running import eventually

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

ASKED = {name: vendor for name, vendor in VENDORS.items() if registry.installed()[name].vendor is not None}
"""Vendors whose API this gateway asks; the other dialects run on the simulator."""
COMMANDS = (
    ("doctor",),
    ("principals", "list"),
    ("projects", "list"),
    ("keys", "list"),
    ("vendors", "list"),
    ("halt", "list"),
    ("jobs", "list"),
    ("audit", "show", "--since", "0", "--limit", "10000"),
    ("audit", "verify"),
    ("policy", "check"),
)
SHOWN_JOBS = 8
"""Every command starts a process of its own, and jobs are shown alike."""
SHOWN = {("tag", "command: jobs show")}
"""What operators are shown of a job: tags are labels, made to be seen."""
PLAIN = {("tag", "job.tags"), ("setting", "job.echo"), ("prefix", "job.echo")}
"""What the database holds outside sealed objects, by design: what a client wrote, and where."""


@dataclass
class Found:
    """What was driven, and what came out."""

    made: Deployment
    outputs: Outputs = field(default_factory=Outputs)
    words: dict[str, bytes] = field(default_factory=dict, repr=False)
    payload: dict[str, bytes] = field(default_factory=dict, repr=False)
    taken: int = 0


@dataclass(frozen=True)
class Speech:
    """How to submit and to look in one dialect."""

    dialect: str
    submit: tuple[str, str]
    shown: Callable[[str], str]
    id: str
    bodies: Callable[[], list[dict[str, Any]]]


SPEECHES = (
    Speech(
        "ionq",
        ("POST", "/jobs"),
        lambda job: f"/jobs/{job}",
        "id",
        lambda: [planting.ionq(), planting.ionq("simulator", settings={}), planting.ionq_qasm()],
    ),
    Speech("ibm", ("POST", "/jobs"), lambda job: f"/jobs/{job}", "id", lambda: [planting.ibm()]),
    Speech(
        "braket",
        ("POST", "/quantum-task"),
        lambda job: f"/quantum-task/{quote(job, safe='')}",
        "quantumTaskArn",
        lambda: [planting.braket()],
    ),
)
ENDED = ("completed", "failed", "canceled", "cancelled")
SUBMIT = {"ionq": "POST /jobs$", "ibm": "POST /jobs$", "braket": "POST /quantum-task$"}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    making = planting.deployed(tmp_path_factory.mktemp("canaries"), ASKED)
    made = next(making)
    try:
        found = Found(made)
        plant(found)
        for speech in SPEECHES:
            succeed(found, speech)
            fail(found, speech)
        for dialect in ASKED:
            echo(found, next(each for each in SPEECHES if each.dialect == dialect))
        collect(found)
        yield found
    finally:
        making.close()


def plant(found: Found) -> None:
    """Name every word that must not come out: what vendors gave us, what we gave clients, and what clients wrote."""
    made = found.made
    for vendor in ASKED.values():
        found.words |= {name: word.encode() for name, word in vendor.words.items()}
    issued = {"client's key": made.key, "administrator's key": made.gateway.admin_key, "client's pair": made.pair[1]}
    # What stands before the last underscore is the key's public name.
    found.words |= {name: key.rpartition("_")[2].encode() for name, key in issued.items()}
    master = (made.gateway.state_dir / "master.key").read_bytes()
    found.words["master key file"] = master.strip()
    found.words["master key"] = master
    token = made.gateway.request(
        "POST",
        "/ibm/iam/identity/token",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=f"grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey={made.key}".encode(),
    )
    found.words["client's token"] = token.json()["access_token"].encode()
    found.payload = {name: word.encode() for name, word in PAYLOAD.items()}


def succeed(found: Found, speech: Speech) -> None:
    """Run jobs to their end; what their owner is shown of them is the owner's."""
    for body in speech.bodies():
        reply = found.made.send(speech.dialect, *speech.submit, body)
        assert reply.status in {200, 201}, reply.body
        path = speech.shown(reply.json()[speech.id])

        def ended(path: str = path) -> bool:
            shown = found.made.send(speech.dialect, "GET", path).json()
            return str(shown["status"]).lower() in ENDED

        eventually(ended, seconds=60, pause=0.2)
        found.taken += 1


def fail(found: Found, speech: Speech) -> None:
    """Be refused in every way that needs no vendor."""
    made, (method, path) = found.made, speech.submit
    good = speech.bodies()[0]
    wrong = {
        "not json": json.dumps(good).encode()[:-1],
        "wrong type": {**good, "shots": PAYLOAD["tag"], "tags": PAYLOAD["tag"], "params": PAYLOAD["tag"]},
        "no such backend": {**good, "backend": "nowhere", "deviceArn": f"{planting.SV1}-nowhere"},
        "unreadable": {**good, "input": PAYLOAD["comment"], "action": PAYLOAD["comment"], "params": {}},
        "too many shots": {**good, "shots": 10**9},
    }
    for name, body in wrong.items():
        reply = made.send(speech.dialect, method, path, body)
        if reply.status >= 400:
            found.outputs.refusal(f"{speech.dialect}, {name}", reply)
    reply = made.send(speech.dialect, "GET", speech.shown(PAYLOAD["tag"]))
    found.outputs.add(f"answer: {speech.dialect}, no such job", repr(reply.headers))
    if speech.dialect != "braket":
        spoilt = made.key[:-1] + ("a" if made.key[-1] != "a" else "b")
        found.outputs.refusal(f"{speech.dialect}, wrong key", made.send(speech.dialect, method, path, good, key=spoilt))


def echo(found: Found, speech: Speech) -> None:
    """Let the vendor repeat the key it was shown and the job it was sent in every kind of error."""
    fake = found.made.fakes[speech.dialect]
    hardware = {"ionq": planting.ionq, "ibm": planting.ibm, "braket": planting.braket}[speech.dialect]
    for number, status in enumerate((400, 401, 403, 404, 422, 500, 503)):
        submissions = {"match": SUBMIT[speech.dialect], "kind": "echo", "status": status, "times": 1}
        others = {"match": "* .", "kind": "echo", "status": status, "times": 2}
        fake.ask("faults", {"rules": [submissions, others]})
        reply = found.made.send(speech.dialect, *speech.submit, hardware(shots=11 + number))
        if reply.status >= 400:
            found.outputs.refusal(f"{speech.dialect}, vendor says {status}", reply)
        if status in {401, 500}:
            found.outputs.add("vendors test", "".join(_said(found, "vendors", "test", speech.dialect)))
    fake.ask("faults", {"rules": []})
    time.sleep(2)


def _said(found: Found, *arguments: str) -> tuple[str, str]:
    done = found.made.gateway.run(*arguments)
    return done.stdout, done.stderr


def collect(found: Found) -> None:
    """Take in every output there is."""
    made, outputs = found.made.gateway, found.outputs
    for arguments in COMMANDS:
        for place, text in zip(("stdout", "stderr"), _said(found, *arguments), strict=True):
            outputs.add(f"command: {' '.join(arguments[:2])}, {place}", text)
    for job in made.json("jobs", "list")[:SHOWN_JOBS]:
        outputs.add("command: jobs show", "".join(_said(found, "jobs", "show", job["id"], "--json")))
    outputs.add("metrics", made.metrics())
    outputs.add("ledger export", made.cli("audit", "export"))
    for place, content in surroundings(made):
        outputs.add(place, content)
    made.stop()
    outputs.add("log", made.log())


def test_no_credential_comes_out_anywhere(found):
    assert found.taken >= 5
    assert found.outputs.leaks(found.words) == set()


def test_no_payload_comes_out_but_to_its_owner(found):
    """Logs, metrics, the ledger, commands and refusals name no word that a client wrote into a job."""
    assert found.outputs.leaks(found.payload) == SHOWN


def test_the_database_holds_no_credential(found):
    for path in files(found.made.gateway.state_dir):
        content = path.read_bytes()
        assert [name for name, word in found.words.items() if any(each in content for each in spellings(word))] == []


def test_the_database_holds_payloads_sealed_but_for_what_polls_are_answered_from(found):
    outputs = Outputs()
    for place, content in cells(found.made.gateway.state_dir / "gateway.sqlite3"):
        outputs.add(place, content)

    assert outputs.leaks(found.payload) == PLAIN


def test_every_output_was_there_to_be_searched(found):
    """An empty log or export would hold no canary either."""
    kept = found.outputs.kept
    assert {"log", "metrics", "ledger export", "command: jobs show", "vendors test"} <= kept.keys()
    assert all(len(kept[place]) > 1000 for place in ("log", "metrics", "ledger export", "command: jobs show"))
    assert sum(place.startswith("answer: ") for place in kept) >= 10
    assert sum(place.startswith("process: environ") for place in kept) >= 4


def test_a_canary_is_found_whatever_it_was_wrapped_in():
    """The search itself must be able to fail."""
    word = planting.IONQ_KEY.encode()
    outputs = Outputs()
    outputs.add("plain", b"x" + word)
    outputs.add("hexadecimal", word.hex())
    for shift in range(3):
        outputs.add(f"base64 at {shift}", base64.b64encode(b"?" * shift + word + b"!!"))

    assert {place for _, place in outputs.leaks({"word": word})} == outputs.kept.keys()
