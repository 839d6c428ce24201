"""Reloading several gateways on one PostgreSQL database: each takes its own files, or says that they are others."""

import json

import pytest

from gateway.policy.bundle import default_root
from tests.integration.abroad import bell
from tests.integration.replicas import pair

pytestmark = [pytest.mark.long, pytest.mark.tool("postgresql")]
LIMITS = "org/limits/data.json"


@pytest.fixture
def replicas(tmp_path, postgresql):
    with pair(tmp_path, postgresql, "--instant") as made:
        for each in made.both:
            each.stop()
            rules = each.state_dir / "rules"
            rules.mkdir()
            each.settings["GATEWAY_POLICY__OVERRIDES"] = str(rules)
        made.up()
        yield made


def limited(gateway):
    table = json.loads((default_root() / LIMITS).read_text("utf-8"))
    table["experimental"]["default"]["shots_per_circuit"] = 1
    place = gateway.state_dir / "rules" / LIMITS
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(table), "utf-8")


def taken(asked):
    return asked.ionq("POST", "jobs", bell(name="asked")).status < 300


def test_both_decide_by_new_files_once_both_have_them(replicas):
    here, there = replicas.both
    assert taken(replicas.here)
    assert taken(replicas.there)

    limited(here)
    half = here.run("policy", "reload", "--reason", "one machine only", "--gateways", "2", "--seconds", "60")

    assert half.returncode == 1
    assert "bring the same files to every machine" in half.stderr
    assert (taken(replicas.here), taken(replicas.there)) == (False, True)

    limited(there)
    whole = here.run("policy", "reload", "--reason", "both machines", "--gateways", "2", "--seconds", "60")

    assert whole.returncode == 0, whole.stderr
    assert (taken(replicas.here), taken(replicas.there)) == (False, False)
    activated = here.entries("policy.activated")[-2:]
    assert len({each["body"]["replica"] for each in activated}) == 2
    assert len({each["body"]["data_revision"] for each in activated}) == 1
