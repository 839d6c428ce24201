"""What the page about sticky labels shows is run, on a job that was labelled by mistake."""

import pytest

from tests.integration import bodies
from tests.pages import blocks, shell
from tests.running import Gateway

pytestmark = pytest.mark.long


@pytest.fixture
def gateway(tmp_path):
    running = Gateway(tmp_path / "state").init()
    yield running.start()
    running.stop()


def test_a_label_is_taken_back_as_the_page_shows(gateway, tmp_path, pytestconfig):
    body = bodies.sampler(bodies.pub(), backend="sim_line_5", tags=["qgw:classification=restricted"])
    job = gateway.submit(gateway.key(), body)
    page = (pytestconfig.rootpath / "docs" / "how-to" / "sticky-labels.md").read_text("utf-8")
    once, for_good = blocks(page)

    assert "restricted" in shell(once, gateway.environment, place=tmp_path, JOB=job).stdout
    assert gateway.json("labels", "show", job, "--json")[0]["label"] == "internal"

    shell(for_good, gateway.environment, place=tmp_path, JOB=job)
    assert gateway.json("labels", "show", job, "--json")[0] | {"since": ""} == {
        "circuit": 0,
        "fingerprint": gateway.json("labels", "show", job, "--json")[0]["fingerprint"],
        "label": "public",
        "since": "",
        "fixed": True,
        "resembles": "public",
    }
