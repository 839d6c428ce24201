"""How hard a rule is, as the page has it: every block is run against a gateway that serves."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import Gateway

BLOCK = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 600.0


@pytest.fixture
def gateway(tmp_path):
    rules = tmp_path / "rules"
    rules.mkdir()
    running = Gateway(tmp_path / "gateway", settings={"GATEWAY_POLICY__OVERRIDES": str(rules)})
    running.init().start()
    yield running
    running.stop()


@pytest.mark.timeout(SECONDS + 60)
def test_the_page_works_as_it_stands(gateway, tmp_path, pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "how-to" / "enforcement-levels.md").read_text("utf-8")
    (tmp_path / "gateway-command").mkdir()
    command = tmp_path / "gateway-command" / "gateway"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gateway "$@"\n', "utf-8")
    command.chmod(0o755)

    told = subprocess.run(
        ["bash", "-euc", "\n".join(BLOCK.findall(page))],
        cwd=tmp_path,
        env={
            **gateway.environment,
            "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(Path.cwd()),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )

    assert told.returncode == 0, told.stderr
    assert "0 decisions compared" in told.stderr
    assert "decides by it now" in told.stderr
    assert re.search(r"circuits/shots +20 +0 +0 +0 +-", told.stdout), "the rollout"
    assert told.stdout.count("in force") == 2
    assert gateway.json("policy", "override", "list") == []
