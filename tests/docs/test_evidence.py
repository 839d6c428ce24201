"""The page on evidence is run as it stands: a receipt is fetched, a pack made, and both are verified."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.verifier import NAME, source
from tests.integration import bodies
from tests.running import Gateway, eventually

pytestmark = pytest.mark.long

RUN = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def gateway(tmp_path):
    running = Gateway(tmp_path / "state", settings={"GATEWAY_LEDGER__CHECKPOINT_SECONDS": "1"}).init()
    try:
        yield running.start()
    finally:
        running.discard()


def test_the_page_on_evidence_works_as_it_stands(gateway, tmp_path, pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "how-to" / "evidence.md").read_text("utf-8")
    key = gateway.key(role="admin")
    job = gateway.submit(key, bodies.golden())
    gateway.ended(key, job)
    eventually(lambda: whole(gateway, key, job))
    (tmp_path / NAME).write_bytes(source())
    variables = {"KEY": key, "JOB": job, "URL": gateway.url, "no_proxy": "127.0.0.1"}
    programs = f"{Path(sys.executable).parent}:{gateway.environment['PATH']}"

    told = subprocess.run(
        ["bash", "-euxc", "\n".join(RUN.findall(page))],
        env={**gateway.environment, **variables, "PATH": programs},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    assert told.stdout.count("HOLDS\n") == 2
    assert told.stdout.count("job.completed on sim_line_5 (simulator)") == 4


def whole(gateway, key, job):
    reply = gateway.request("GET", f"/api/v1/receipts/{job}", token=key)
    return reply.status == 200 and not reply.json()["pending"]


def test_every_member_and_status_of_the_page_exists(pytestconfig):
    """A renamed member must not live on in the manual."""
    page = (pytestconfig.rootpath / "docs" / "how-to" / "evidence.md").read_text("utf-8")
    program = source().decode()

    for words in ("HOLDS", "DOES NOT HOLD", "FITS TOGETHER", "--known", "--within", "--keeps", "--canonical", "--json"):
        assert words in page
        assert words in program
    for name in ("facts.json", "prices.json", "provenance.json", "story.json", "prov.json", "manifest.json"):
        assert f"| `{name}` |" in page
        assert f'"{name}"' in program
