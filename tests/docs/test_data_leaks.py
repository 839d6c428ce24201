"""The page on data leaks is run: its commands in a directory of overrides, its rule as it stands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import Gateway

pytestmark = pytest.mark.long

BLOCK = re.compile(r"^```console run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RULE = re.compile(r"^```json rule\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(pytestconfig):
    return (pytestconfig.rootpath / "docs/how-to/data-leaks.md").read_text("utf-8")


@pytest.fixture
def run(tmp_path):
    """Run a line of the page in a deployment's directory, and give its exit code and what it printed."""
    gateway = Gateway(tmp_path / "state", settings={"GATEWAY_POLICY__OVERRIDES": str(tmp_path / "rules")})
    (tmp_path / "rules").mkdir()
    gateway.init()
    command = tmp_path / "gateway"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gateway "$@"\n', "utf-8")
    command.chmod(0o755)
    env = {**gateway.environment, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(Path.cwd())}

    def one(line):
        done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    yield one
    gateway.discard()


def test_the_page_works_as_it_stands(page, run, tmp_path):
    first, second, third = ([line.removeprefix("$ ") for line in block.splitlines()] for block in BLOCK.findall(page))

    *_, tried = [run(line) for line in first]
    made = [run(line)[0] for line in second]
    table = tmp_path / "rules/org/dlp/data.json"
    held = json.loads(table.read_text("utf-8"))
    held["rules"] |= json.loads(RULE.search(page)[1])
    table.write_text(json.dumps(held), "utf-8")
    again, tested = (run(line) for line in third)

    assert tried[0] == 1
    assert "cloud-key" in tried[1]
    assert "code-name" not in tried[1]
    assert made == [0, 0]
    assert (again[0], "code-name" in again[1]) == (1, True)
    assert "AKIA" not in tried[1] + again[1]
    assert tested[0] == 0, tested[1]
