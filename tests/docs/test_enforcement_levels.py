"""How hard a rule is, as the page has it: every block is run against a gateway that serves."""

import re

import pytest

from tests.pages import blocks, shell
from tests.running import Gateway

pytestmark = pytest.mark.long

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

    told = shell("\n".join(blocks(page)), gateway.environment, place=tmp_path, seconds=SECONDS)

    assert "0 decisions compared" in told.stderr
    assert "decides by it now" in told.stderr
    assert re.search(r"circuits/shots +20 +0 +0 +0 +-", told.stdout), "the rollout"
    assert told.stdout.count("in force") == 2
    assert gateway.json("policy", "override", "list") == []
