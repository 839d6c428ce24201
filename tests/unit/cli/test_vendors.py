"""`gateway vendors` as a person calls it: secrets go in by stdin, file or keyboard, and never come out."""

import getpass
import io
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from gateway.cli.unseen import read_secrets
from gateway.ports import registry
from tests.fakes.listing_vendor import CANARY, SECOND, adapter

FIELDS = {"api_key": True, "session": False}
ADD = ("vendors", "add", "acme", "--name", "main", "--attribute", "region=mars-1")


class Acme(BaseHTTPRequestHandler):
    """Lists two backends to anybody, and jobs to who shows the one key it knows."""

    def do_GET(self):
        known = self.path == "/backends" or self.headers["x-key"] == CANARY
        self.send_response(200 if known else 401)
        body = b'["mars_1", "mars_2"]' if known else b"{}"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def acme():
    server = HTTPServer(("127.0.0.1", 0), Acme)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def house(staffed, monkeypatch, acme):
    """Call commands where the adapter of a made-up vendor is installed."""
    monkeypatch.setattr(registry, "installed", lambda: {"acme": adapter(acme)})
    return staffed


@pytest.fixture
def typing(monkeypatch):
    """Pipe text into the next commands."""

    def pipe(text):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return pipe


@pytest.fixture
def added(house, typing):
    """Call commands where one account was added."""
    typing(CANARY)
    assert house(*ADD).status == 0
    return house


# ── adding and listing ───────────────────────────────────────────────────────────────────────────
def test_an_account_is_added_from_a_pipe_and_listed_without_its_secret(house, typing):
    typing(f"{CANARY}\n")
    made = house(*ADD, "--project", "lab", "--json")
    listed, table = house("vendors", "list", "--json"), house("vendors", "list")

    assert made.status == listed.status == 0
    assert made.json == listed.json
    (row,) = listed.json
    assert (row["name"], row["vendor"], row["project"], row["version"]) == ("main", "acme", "lab", 1)
    assert (row["attributes"], row["state"]) == ({"region": "mars-1", "shelf": "front"}, "live")
    assert "region=mars-1, shelf=front" in table.out
    assert CANARY not in f"{made.out}{made.err}{listed.out}{listed.err}{table.out}{table.err}"


def test_an_account_for_everybody_has_no_project(added):
    assert added("vendors", "list", "--json").json[0]["project"] is None
    assert added("vendors", "list", "--project", "lab", "--json").json == []
    assert added("vendors", "list", "--vendor", "umbrella", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("umbrella", "--name", "x"), 1, "no vendor 'umbrella'"),
        (("acme", "--name", "x", "--project", "moon"), 1, "no project 'moon'"),
        (("acme", "--name", "x"), 1, "region: field required"),
        (("acme", "--name", "x", "--attribute", "region"), 2, "KEY=VALUE"),
        (("acme", "--name", "x", "--attribute", "region=mars-1", "--attribute", "region=mars-2"), 2, "same key twice"),
    ],
    ids=["vendor", "project", "missing attribute", "malformed attribute", "attribute given twice"],
)
def test_what_cannot_be_is_refused_before_secrets_are_read(house, monkeypatch, arguments, status, said):
    monkeypatch.setattr(sys, "stdin", None)

    told = house("vendors", "add", *arguments)

    assert (told.status, said in told.err) == (status, True)


@pytest.mark.parametrize(
    "text", [CANARY[:5], f"wrong {CANARY}", f"sesion={CANARY}\napi_key={CANARY}", f"api_key={CANARY}\n{CANARY}"]
)
def test_secrets_that_are_refused_are_not_shown(house, typing, text):
    typing(text)
    told = house(*ADD)

    assert told.status in {1, 2}
    assert CANARY[:5] not in told.out + told.err
    assert house("vendors", "list", "--json").json == []


# ── trying ───────────────────────────────────────────────────────────────────────────────────────
def test_a_test_lists_what_the_vendor_shows(added):
    told = added("vendors", "test", "main", "--json")

    assert told.status == 0
    assert [row["backend"] for row in told.json] == ["mars_1", "mars_2"]
    assert (told.json[0]["online"], told.json[0]["qubits"], told.json[0]["queue"]) == (True, 5, 3)
    assert "mars_2" in added("vendors", "test", "main").out
    assert added("audit", "show", "--json").json[-1]["type"] == "credential.used"


def test_a_credential_that_the_vendor_refuses_is_the_answer_no(added, typing):
    """Its backends would have been listed all the same: that alone proves nothing."""
    typing(SECOND)
    added("vendors", "rotate", "main")
    told = added("vendors", "test", "main")

    assert (told.status, "acme refused (401)" in told.err) == (1, True)
    assert SECOND not in told.out + told.err


def test_a_vendor_that_is_not_there_is_another_answer(added, monkeypatch):
    monkeypatch.setattr(registry, "installed", lambda: {"acme": adapter("http://127.0.0.1:1")})
    told = added("vendors", "test", "main")

    assert (told.status, "cannot be reached" in told.err) == (3, True)


def test_a_vendor_is_tried_the_way_it_is_served(added, monkeypatch, tmp_path):
    """A proxy or a private authority that only jobs went through would make the test a lie."""
    monkeypatch.setenv("GATEWAY_VENDORS__ACME__HTTP__CA_FILE", str(tmp_path / "absent.pem"))
    told = added("vendors", "test", "main")

    assert (told.status, "ca_file of vendor acme" in told.err) == (2, True)


# ── rotating and removing ────────────────────────────────────────────────────────────────────────
def test_a_rotated_credential_is_the_one_that_is_used(house, typing, tmp_path):
    typing("another key")
    house(*ADD)
    assert house("vendors", "test", "main").status == 1

    (tmp_path / "key").write_text(f"api_key={CANARY}\n", "utf-8")
    rotated = house("vendors", "rotate", "main", "--secrets", str(tmp_path / "key"), "--json")

    assert (rotated.status, rotated.json[0]["version"]) == (0, 2)
    assert house("vendors", "test", "main").status == 0


def test_a_removed_account_is_listed_on_request_and_works_no_more(added):
    removed = added("vendors", "remove", "main", "--json")

    assert removed.json[0]["state"] == "removed"
    assert added("vendors", "list", "--json").json == []
    assert added("vendors", "list", "--removed", "--json").json == removed.json
    assert added("vendors", "test", "main").status == 1
    assert added("vendors", "remove", "main").status == 1


def test_every_change_is_in_the_ledger_without_a_secret(added, typing):
    typing(SECOND)
    added("vendors", "rotate", "main")
    added("vendors", "remove", "main")

    shown = added("audit", "show", "--json")
    types = [entry["type"].rpartition("_")[2] for entry in shown.json if entry["type"].startswith("vendor.account")]
    assert types == ["added", "rotated", "removed"]
    assert not any(secret in shown.out for secret in (CANARY, SECOND))


# ── how secrets come in ──────────────────────────────────────────────────────────────────────────
def revealed(secrets):
    return {name: secret.reveal().decode() for name, secret in secrets.items()}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("abc\n", {"api_key": "abc"}),
        ("ab=c==\n", {"api_key": "ab=c=="}),
        ("api_key=ab=c==\n\n", {"api_key": "ab=c=="}),
        ("session = s\r\napi_key= k \r\n", {"session": "s", "api_key": "k"}),
        ("", {}),
    ],
    ids=["one alone", "one alone with =", "one by name", "two", "none"],
)
def test_a_text_is_read_line_by_line(tmp_path, text, read):
    (tmp_path / "secrets").write_bytes(text.encode())

    assert revealed(read_secrets(FIELDS, str(tmp_path / "secrets"))) == read


def test_two_required_secrets_are_told_by_name(typing):
    typing("a=1")
    told = revealed(read_secrets({"a": True, "b": True}, "-"))
    assert told == {"a": "1"}


def test_a_person_is_asked_for_each_and_types_unseen(monkeypatch, capsys):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    prompts, typed = [], iter([CANARY, ""])
    monkeypatch.setattr(getpass, "getpass", lambda prompt, *_, **__: prompts.append(prompt) or next(typed))

    assert revealed(read_secrets(FIELDS, None)) == {"api_key": CANARY}
    assert [("api_key" in prompts[0]), ("session (Enter leaves it out)" in prompts[1])] == [True, True]
    assert CANARY not in "".join(capsys.readouterr())


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"], ids=["no file", "no text"])
def test_a_file_that_cannot_be_read_is_a_usage_error(house, tmp_path, content):
    if content is not None:
        (tmp_path / "secrets").write_bytes(content)

    told = house(*ADD, "--secrets", str(tmp_path / "secrets"))

    assert (told.status, str(tmp_path / "secrets") in told.err) == (2, True)


def test_an_account_of_a_vendor_whose_adapter_is_gone_can_still_be_removed(added, monkeypatch):
    monkeypatch.setattr(registry, "installed", dict)

    assert added("vendors", "test", "main").status == 1
    assert added("vendors", "remove", "main").status == 0
