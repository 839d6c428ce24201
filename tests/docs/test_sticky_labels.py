"""What the page about sticky labels shows is run, on a job that was labelled by mistake."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration import bodies
from tests.running import Gateway

BLOCK = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def gateway(tmp_path):
    running = Gateway(tmp_path / "state").init()
    yield running.start()
    running.stop()


def test_a_label_is_taken_back_as_the_page_shows(gateway, pytestconfig):
    body = bodies.sampler(bodies.pub(), backend="sim_line_5", tags=["qgw:classification=restricted"])
    job = gateway.submit(gateway.key(), body)
    page = (pytestconfig.rootpath / "docs" / "how-to" / "sticky-labels.md").read_text("utf-8")
    once, for_good = BLOCK.findall(page)

    assert "restricted" in shell(gateway, job, once)
    assert gateway.json("labels", "show", job, "--json")[0]["label"] == "internal"

    shell(gateway, job, for_good)
    assert gateway.json("labels", "show", job, "--json")[0] | {"since": ""} == {
        "circuit": 0,
        "fingerprint": gateway.json("labels", "show", job, "--json")[0]["fingerprint"],
        "label": "public",
        "since": "",
        "fixed": True,
        "resembles": "public",
    }


def shell(gateway: Gateway, job: str, commands: str) -> str:
    """Run what a page shows, as it stands there."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        env={**os.environ, **gateway.environment, "JOB": job, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
