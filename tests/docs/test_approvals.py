"""The page on approvals is run as it stands: a table, a second person, a job that waits and goes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.integration import bodies
from tests.running import Gateway, eventually

FIRST = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LATER = re.compile(r"^```sh run later\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 240


@pytest.fixture
def page(pytestconfig):
    return (pytestconfig.rootpath / "docs" / "how-to" / "approvals.md").read_text("utf-8")


@pytest.fixture
def gateway(tmp_path):
    (tmp_path / "rules").mkdir()
    running = Gateway(tmp_path / "state", settings={"GATEWAY_POLICY__OVERRIDES": str(tmp_path / "rules")}).init()
    yield running.start()
    running.stop()


def run(script, gateway, place, **more):
    command = place / "bin" / "gateway"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gateway "$@"\n', "utf-8")
    command.chmod(0o755)
    path = f"{command.parent}:{gateway.environment['PATH']}"
    told = subprocess.run(
        ["bash", "-euc", script],
        cwd=place,
        env={**gateway.environment, "PATH": path, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert told.returncode == 0, told.stderr + told.stdout
    return told.stdout


@pytest.mark.timeout(2 * SECONDS)
def test_the_page_works_as_it_stands(page, gateway, tmp_path):
    run("\n".join(FIRST.findall(page)), gateway, tmp_path)
    key = gateway.key()
    job = gateway.submit(key, bodies.golden())
    assert gateway.job(key, job)["state"]["status"] == "Queued"
    assert [each["job"] for each in gateway.json("approvals", "list")] == [job]

    told = run("\n".join(LATER.findall(page)), gateway, tmp_path, JOB=job)

    assert "approved" in told
    assert gateway.ended(key, job)["state"]["status"] == "Completed"
    (permitted,) = [each["body"] for each in gateway.entries("job.permitted")]
    assert permitted["approval"]["by"] == gateway.entries("approval.granted")[0]["body"]["by"]
    shown = eventually(lambda: [each["state"] for each in gateway.json("approvals", "list", "--all")] == ["submitted"])
    assert shown


def test_the_alarm_is_one(pytestconfig):
    """What Prometheus would read names metrics that are there."""
    from prometheus_client import CollectorRegistry

    from gateway.telemetry.approvals import ApprovalMetrics

    page = (Path(pytestconfig.rootpath) / "docs" / "runbooks" / "approvals-waiting.md").read_text("utf-8")
    (rules,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    registry = CollectorRegistry()
    ApprovalMetrics(registry).show(1, 2.0)

    (alarm,) = yaml.safe_load(rules)["groups"][0]["rules"]
    assert registry.get_sample_value(alarm["expr"].split()[0]) == 2.0
