"""The page on approvals is run as it stands: a table, a second person, a job that waits and goes."""

import re
from pathlib import Path

import pytest
import yaml

from tests.integration import bodies
from tests.pages import blocks, shell
from tests.running import Gateway, eventually

pytestmark = pytest.mark.long

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


@pytest.mark.timeout(2 * SECONDS)
def test_the_page_works_as_it_stands(page, gateway, tmp_path):
    shell("\n".join(blocks(page)), gateway.environment, place=tmp_path)
    key = gateway.key()
    job = gateway.submit(key, bodies.golden())
    assert gateway.job(key, job)["state"]["status"] == "Queued"
    assert [each["job"] for each in gateway.json("approvals", "list")] == [job]

    told = shell("\n".join(blocks(page, "sh run later")), gateway.environment, place=tmp_path, JOB=job)

    assert "approved" in told.stdout
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
