import os
import subprocess
import sys

import pytest

from gateway.cli import root
from gateway.cli.exits import Exit
from gateway.domain.errors import InsecureError, RefusedError, UnavailableError


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["bogus"], "No such command 'bogus'", id="a command that is none"),
        pytest.param(["keys", "new"], "Missing option '--principal'", id="an option that is missing"),
        pytest.param(["keys", "list", "--nope"], "No such option", id="an option that is none"),
        pytest.param(
            ["projects", "change", "lab", "--backend", "x", "--any-backend"], "contradict", id="a contradiction"
        ),
        pytest.param(["audit", "verify", "--size", "3"], "belong together", id="half of a pair"),
        pytest.param(["env", "rigetti", "--key", "x"], "no dialect 'rigetti'", id="a vendor that is not there"),
    ],
)
def test_a_mistyped_command_is_one_line_and_status_2(deployed, arguments, said):
    told = deployed(*arguments)

    assert told.status == Exit.USAGE
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_each_wrong_setting_is_a_line_of_its_own(gateway, monkeypatch):
    monkeypatch.setenv("GATEWAY_SERVER__PORT", "x")
    monkeypatch.setenv("GATEWAY_LOG__LEVEL", "loud")

    told = gateway("keys", "list")

    assert told.status == Exit.USAGE
    assert told.err.count("\n") == 2


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        pytest.param(RefusedError("no"), Exit.NO, id="a refusal"),
        pytest.param(InsecureError("unsafe"), Exit.USAGE, id="an insecure configuration"),
        pytest.param(UnavailableError("later"), Exit.UNAVAILABLE, id="something that is away"),
        pytest.param(KeyboardInterrupt(), Exit.INTERRUPTED, id="an interruption"),
        pytest.param(ZeroDivisionError(), Exit.DEFECT, id="a defect"),
    ],
)
def test_the_exit_status_tells_what_went_wrong(gateway, monkeypatch, raised, status):
    def fail(*_, **__):
        raise raised

    monkeypatch.setattr(root.gateway, "main", fail)

    assert gateway("doctor").status == status


def test_a_defect_shows_a_trace_and_asks_for_a_report(gateway, monkeypatch):
    monkeypatch.setattr(root.gateway, "main", lambda *_, **__: 1 / 0)

    told = gateway("doctor")

    assert "ZeroDivisionError" in told.err
    assert "please report it" in told.err


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    """`gateway --help | head -1` must not end in a traceback."""
    shown = subprocess.run(
        ["bash", "-c", '"$0" -m gateway --help | head -1; exit "${PIPESTATUS[0]}"', sys.executable],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GATEWAY_STATE_DIR": str(tmp_path)},
    )

    assert "Traceback" not in shown.stderr


def test_help_names_every_command(gateway):
    told = gateway("--help")

    assert told.status == 0
    assert all(command in told.out for command in root.COMMANDS)


def test_serve_stays_small():
    """What the supervisor does not load cannot kill it."""
    script = "import sys, gateway.cli.begin, gateway.workers.supervisor; print('sqlalchemy' in sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "False"
