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


def test_an_sdk_that_signs_is_given_the_pair_of_the_key(staffed, key):
    variables = staffed("env", "braket", "--key", key, "--json").json

    assert variables["AWS_ACCESS_KEY_ID"] == f"QGWK{key.split('_')[2].upper()}"
    assert len(variables["AWS_SECRET_ACCESS_KEY"]) == 40
    assert key not in variables.values()


def test_a_new_key_is_shown_with_its_pair(staffed):
    """The pair can be printed again, the key cannot."""
    made = staffed("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist", "--json").json
    again = staffed("env", "braket", "--key", made["key"], "--json").json
    rotated = staffed("keys", "rotate", made["key_id"], "--json").json

    assert made["access_key_id"] == again["AWS_ACCESS_KEY_ID"]
    assert made["secret_access_key"] == again["AWS_SECRET_ACCESS_KEY"]
    assert rotated["secret_access_key"] != made["secret_access_key"]


def test_a_new_key_s_secret_is_not_said_beside_the_key(staffed):
    """What is said goes to stderr, which is logged more often than stdout."""
    told = staffed("keys", "new", "--principal", "ada", "--project", "lab", "--role", "scientist")
    secret = staffed("env", "braket", "--key", told.out.strip(), "--json").json["AWS_SECRET_ACCESS_KEY"]

    assert "QGWK" in told.err
    assert secret not in told.err
