import shlex
import subprocess

import pytest


@pytest.fixture
def key(staffed):
    return staffed("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist").out.strip()


def test_a_shell_understands_what_is_printed(staffed, key):
    lines = staffed("env", "ibm", "--key", key).out

    shown = subprocess.run(
        ["bash", "-euc", f'{lines}\nprintf \'%s\\n\' "$QISKIT_IBM_TOKEN" "$QISKIT_IBM_URL"'],
        capture_output=True,
        text=True,
        check=True,
    )

    token, url = shown.stdout.splitlines()
    assert token == key
    assert url.startswith("http://127.0.0.1:8080/")


def test_the_sdk_is_pointed_to_the_public_address(staffed, key, monkeypatch):
    monkeypatch.setenv("GATEWAY_SERVER__PUBLIC_URL", "https://gateway.example")

    variables = staffed("env", "ibm", "--key", key, "--json").json

    assert variables["IAM_URL"].startswith("https://gateway.example/")


def test_a_key_that_does_not_work_is_not_handed_on(staffed, key):
    staffed("keys", "revoke", key.split("_")[2])

    told = staffed("env", "ibm", "--key", key)

    assert told.status == 1
    assert "revoked" in told.err
    assert told.out == ""


def test_a_key_may_come_from_stdin(staffed, key, monkeypatch):
    """An argument shows in the process list."""
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{key}\n"))

    assert shlex.quote(key) in staffed("env", "ibm", "--key", "-").out
