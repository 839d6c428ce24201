"""A webhook of a running gateway: told once, signed, and again after an outage of its own."""

import hmac
import json
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.integration import bodies
from tests.running import Gateway, eventually

pytestmark = pytest.mark.long

SECRET = "0123456789abcdef0123456789abcdef"


@dataclass
class Receiver:
    """What a team's alerting listens with."""

    statuses: list = field(default_factory=list)
    """What it answers next; then 204."""
    letters: list = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def receiver():
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            made.letters.append((dict(self.headers), body))
            self.send_response(made.statuses.pop(0) if made.statuses else 204)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    made.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def told(tmp_path, receiver):
    """A gateway with a webhook and a quota of two jobs, initialised and not started."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    settings = {"GATEWAY_WEBHOOKS__PAGER__URL": receiver.url, "GATEWAY_WEBHOOKS__PAGER__SECRET_FILE": str(secret)}
    gateway = Gateway(tmp_path / "state", settings=settings).init()
    gateway.json("budgets", "set", "tiny", "--organisation", "--unit", "jobs", "--amount", "2", "--per", "total")
    yield gateway
    gateway.discard()


def run(gateway):
    key = gateway.key()
    gateway.ended(key, gateway.submit(key, bodies.golden()))


def test_a_crossing_is_posted_once_and_can_be_checked(told, receiver):
    run(told.start())
    # Whoever stops between sending and writing that down sends again: a letter comes at least once.
    eventually(lambda: "webhook.delivered" in told.log())
    told.restart()
    run(told)
    eventually(lambda: len(receiver.letters) >= 3)

    thresholds = []
    for headers, body in receiver.letters:
        signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
        expected = b64encode(hmac.new(SECRET.encode(), signed, sha256).digest()).decode()
        assert headers["Webhook-Signature"] == f"v1,{expected}"
        event = json.loads(body)
        assert (event["specversion"], event["id"]) == ("1.0", headers["Webhook-Id"])
        thresholds.append((event["type"], event["data"]["limit"], event["data"]["threshold"]))
    crossing = [("qgw.limit.crossed", "tiny", threshold) for threshold in ("50", "80", "100")]
    assert sorted(thresholds) == sorted(crossing)
    assert [entry["event_id"] for entry in told.entries("limit.crossed")] == [
        json.loads(body)["id"] for _, body in sorted(receiver.letters, key=lambda each: json.loads(each[1])["id"])
    ]
    assert SECRET not in told.log()
    assert receiver.url not in told.log()


def test_a_receiver_that_was_down_hears_it_later_under_the_same_id(told, receiver):
    receiver.statuses = [503]
    run(told.start())

    eventually(lambda: len(receiver.letters) >= 2, seconds=60)

    (first, one), (second, other) = receiver.letters[:2]
    assert (first["Webhook-Id"], one) == (second["Webhook-Id"], other)
    assert "webhook.delayed" in told.log()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"URL": "http://alerts.example.org/hook"}, "plain http beyond loopback"),
        ({"URL": "ftp://127.0.0.1/hook"}, "an https address"),
        ({"SECRET_FILE": "/nowhere/secret"}, "cannot be read"),
    ],
)
def test_a_webhook_that_would_expose_something_is_refused_at_the_start(told, settings, said):
    told.settings |= {f"GATEWAY_WEBHOOKS__PAGER__{name}": value for name, value in settings.items()}

    started = told.run("serve")

    assert started.returncode == 2
    assert said in started.stderr


def test_a_secret_that_others_can_read_is_none(told, tmp_path):
    (tmp_path / "secret").chmod(0o644)

    started = told.run("serve")

    assert (started.returncode, "chmod 600" in started.stderr) == (2, True)
