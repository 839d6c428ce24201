"""What the page about provenance shows is run: tagged production work by each SDK, read back, replayed and exported."""

import json
import re
import subprocess

import pytest

from tests.docs.test_snippets import SDKS, exports, plain_environment
from tests.running import Gateway

pytestmark = pytest.mark.long

BLOCK = re.compile(r"^```python run (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    running = Gateway(tmp_path_factory.mktemp("gateway")).init()
    running.cli("projects", "new", "plant", "--workload", "production")
    yield running.start()
    running.stop()


@pytest.mark.parametrize("dialect", [pytest.param(name, marks=pytest.mark.tool(tool)) for name, tool in SDKS.items()])
def test_tagged_work_runs_is_complete_and_comes_out_again(gateway, dialect, tools, tmp_path, pytestconfig):
    python = tools.require(SDKS[dialect])
    page = pytestconfig.rootpath / "docs" / "how-to" / "provenance.md"
    script = tmp_path / "how_to.py"
    script.write_text(dict(BLOCK.findall(page.read_text("utf-8")))[dialect], "utf-8")

    told = subprocess.run(
        ["bash", "-euc", f'{exports(gateway, dialect, project="plant")}\nexec "$0" "$1"', python, script],
        env=plain_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert told.returncode == 0, told.stderr
    job = told.stdout.split()[-1]
    assert gateway.json("jobs", "provenance", job)["document"]["complete"] is True
    replayed = gateway.run("replay", job)
    assert (replayed.returncode, replayed.stderr) == (0, "it came out the same, shot for shot\n")
    started, ended = map(json.loads, gateway.cli("audit", "lineage", job).splitlines())
    assert (started["eventType"], ended["eventType"]) == ("START", "COMPLETE")
