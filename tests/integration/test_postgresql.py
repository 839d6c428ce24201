"""The whole path on PostgreSQL: the same code, another database."""

import pytest

from tests.integration import bodies
from tests.running import Gateway

pytestmark = pytest.mark.long


@pytest.mark.tool("postgresql")
def test_a_job_is_judged_recorded_and_answered_on_postgresql(tmp_path, postgresql):
    """What holds on a laptop's file must hold on the server that production uses."""
    settings = {"GATEWAY_DATABASE__URL": postgresql.url(postgresql.create())}
    gateway = Gateway(tmp_path / "state", settings=settings).init()
    try:
        key = gateway.key()
        gateway.start()
        job = gateway.submit(key, bodies.golden())
        ended = gateway.ended(key, job)
        gateway.restart()

        assert ended["status"] == "Completed"
        assert gateway.request("GET", f"/ibm/api/v1/jobs/{job}/results", key=key).status == 200
        assert gateway.run("audit", "verify").returncode == 0
    finally:
        gateway.discard()
