"""The page for whoever has no vendor yet is run as it stands, make included; only ports and places are the test's."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import free_port

pytestmark = pytest.mark.long

BLOCK = re.compile(r"^```(sh|python) run( &)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SDK = "sdk-ionq"
SECONDS = 120.0
PORT = 7300
"""Of the first fake, as the page has it."""
UNTIL = {
    "make fakes": "until [ -s .fakes/key ]; do kill -0 $!; sleep 0.1; done",
    "gateway serve": 'until curl --fail --silent --output /dev/null "$READY"; do kill -0 $!; sleep 0.1; done',
}
"""What a reader waits for, by the last command of a block that does not end; if it does end, so does the page."""


@pytest.mark.tool(SDK)
def test_the_page_for_trying_works_as_it_stands(tools, tmp_path, pytestconfig):
    python, port = tools.require(SDK), free_port()
    checkout(pytestconfig.rootpath, tmp_path)
    page = (pytestconfig.rootpath / "docs" / "how-to" / "try-with-fake-vendors.md").read_text("utf-8")
    script = tmp_path / "page.sh"
    script.write_text(as_script(page.replace(str(PORT + 1), str(port + 1))), "utf-8")

    status, told = run(script, environment(tmp_path, python=python, port=port))

    assert status == 0, told
    assert "attempt.lost" in told
    assert "the ledger holds" in told


def checkout(root, place):
    """Lay out the repository in links, so that what the page writes lies beside them; to make it is installed."""
    for each in root.iterdir():
        if not each.name.startswith("."):
            (place / each.name).symlink_to(each)
    (place / ".venv").mkdir()
    for stamp in (".bootstrap", ".runtime", ".dev"):
        (place / ".venv" / stamp).touch()


def as_script(page):
    """Put the blocks of a page into one script, in order; blocks of Python that follow each other are one program."""
    parts, program = [], ""
    for language, endless, text in [*BLOCK.findall(page), ("", "", "")]:
        if language == "python":
            program += text
            continue
        if program:
            parts.append(f"\"$SDK\" - <<'EOF'\n{program}EOF\n")
            program = ""
        parts.append(f"{{ {text}}} &\n{UNTIL[text.splitlines()[-1]]}\n" if endless else text)
    return "".join(parts)


def environment(place, *, python, port):
    """Give what the page's commands need in place of an installation in `.venv`."""
    management = free_port()
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("GATEWAY_", "IONQ_"))}
    return {
        **kept,
        "HOME": str(place),
        "MAKEFLAGS": f"-- BIN={Path(sys.executable).parent} FAKES=--port\\ {port}",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GATEWAY_SERVER__PORT": str(free_port()),
        "GATEWAY_MANAGEMENT__PORT": str(management),
        "READY": f"http://127.0.0.1:{management}/health/ready",
        "SDK": str(python),
        "no_proxy": "127.0.0.1",
    }


def run(script, variables):
    """Run a script in a group of its own, of which nothing is left afterwards."""
    told = script.with_name("told")
    with told.open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-eu", script],
            env=variables,
            cwd=script.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return shell.wait(SECONDS), told.read_text("utf-8")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait()
