"""A security engineer's first hour, as the page has it: every block is run, against a gateway with a past."""

import asyncio

import pytest

from gateway.settings import load
from gateway.wiring import open_house
from tests.pages import blocks, shell
from tests.recorded import Recorder, some_facts
from tests.running import Gateway

pytestmark = pytest.mark.long

PAST = 60
SECONDS = 600.0


@pytest.fixture
def gateway(tmp_path):
    """A running gateway whose operator keeps rules in a directory; some submissions were decided before."""
    rules = tmp_path / "rules"
    rules.mkdir()
    running = Gateway(tmp_path / "gateway", settings={"GATEWAY_POLICY__OVERRIDES": str(rules)})
    running.init()
    asyncio.run(remember(running))
    running.start()
    yield running
    running.stop()


async def remember(running):
    async with open_house(load(None, running.environment)) as house:
        project = await house.administration.projects.named("default")
        await Recorder(house, project.id).record(house.bundle, list(some_facts(PAST)))


@pytest.mark.timeout(SECONDS + 60)
def test_the_first_hour_works_as_it_stands(gateway, tmp_path, pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "how-to" / "policy-workshop.md").read_text("utf-8")

    told = shell("\n".join(blocks(page)), gateway.environment, place=tmp_path, seconds=SECONDS)

    assert "data.org.limits.experimental.default.total_shots: 10000000 -> 15000" in told.stdout
    assert "allow-to-deny" in told.stdout
    assert "nothing would have been decided otherwise" in told.stderr
    assert told.stderr.count("decides by it now") == 2
    assert "everything that is known is decided as it should be" in told.stderr
    assert not (tmp_path / "rules" / "org").exists()
