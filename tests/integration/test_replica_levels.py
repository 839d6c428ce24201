"""Levels at several gateways on one PostgreSQL database: a decision counts once, and a surge stops a rule at all."""

import json
import os
import signal
from dataclasses import replace

import pytest

from gateway.policy.bundle import default_root
from tests.integration.abroad import bell
from tests.integration.people import entries
from tests.integration.replicas import pair, serving
from tests.running import eventually

pytestmark = [pytest.mark.long, pytest.mark.tool("postgresql")]
RULE = "circuits/shots"
FEW, MANY = 50, 64
SURGE = {"denials": 4, "minutes": 10, "people": 2, "percent": 20}
SECONDS = 60


@pytest.fixture(scope="module")
def two(tmp_path_factory, postgresql):
    """Both have the same tables: fewer shots than some ask for, and a rule about it that is being rolled out."""
    folder = tmp_path_factory.mktemp("levels")
    write(folder / "rules", "limits", lambda table: table["experimental"]["default"].update(shots_per_circuit=FEW))
    levels = {RULE: {"level": "hard", "rollout_percent": 100}}
    write(folder / "rules", "enforcement", lambda table: table.update(levels=levels, surge=SURGE))
    with pair(folder, postgresql, "--instant") as made:
        for each in made.both:
            each.stop()
            each.settings["GATEWAY_POLICY__OVERRIDES"] = str(folder / "rules")
        made.up()
        yield made


def write(folder, name, change):
    table = json.loads((default_root() / "org" / name / "data.json").read_text("utf-8"))
    change(table)
    place = folder / "org" / name / "data.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(table), "utf-8")


def asked(gateway, name, shots):
    return gateway.ionq("POST", "jobs", bell(name=name, shots=shots))


def killed(gateway):
    """Kill what serves, as a machine that fails does; its supervisor starts it again."""
    old = serving(gateway)
    os.kill(old.pid, signal.SIGKILL)
    eventually(lambda: [each for each in gateway.processes() if "gateway.cli.serving" in each.command and each != old])
    gateway.wait_ready()


def test_a_shadow_counts_each_decision_once_whichever_gateway_made_it(two, tmp_path):
    here, there = two.both
    write(tmp_path, "limits", lambda table: table["experimental"]["default"].update(shots_per_circuit=FEW // 2))
    here.cli("policy", "shadow", "start", str(tmp_path), "--reason", "half as many shots")
    for each in two.both:
        eventually(lambda each=each: "shadow.started" in each.log(), seconds=SECONDS)

    for number in range(4):
        for gateway in (two.here, two.there):
            assert asked(gateway, f"shadow-{number}", FEW - 10).status < 300
    counted(two.both, compared=8, flips=8)
    began = there.log().count("shadow.started")
    killed(there)
    eventually(lambda: there.log().count("shadow.started") > began, seconds=SECONDS)
    for gateway in (two.here, two.there):
        assert asked(gateway, "afterwards", FEW - 10).status < 300

    counted(two.both, compared=10, flips=10)
    there.cli("policy", "shadow", "stop")
    (ended,) = entries(here, "policy.shadow_stopped")
    assert ended.body["totals"]["compared"] == 10
    assert ended.body["totals"]["differing"] == {"allow-to-deny": 10}


def counted(gateways, *, compared, flips):
    """Wait until both say the same, and look again later: what one counted, the other does not count again."""

    def said(gateway):
        found = gateway.json("policy", "shadow", "status")
        return found["compared"], found["differing"].get("allow-to-deny", 0), found["dropped"]

    for gateway in gateways:
        eventually(lambda gateway=gateway: said(gateway)[0] >= compared, seconds=SECONDS)
        assert said(gateway) == (compared, flips, 0)


def test_a_surge_at_both_stops_a_rule_at_both_and_a_restart_forgets_nothing(two):
    """Neither has seen enough by itself: two denials of one person each."""
    here, there = two.both
    here.cli("principals", "new", "ben")
    other = replace(two.there, key=here.key(principal="ben"))
    eventually(lambda: asked(other, "known", FEW).status < 300, seconds=SECONDS)

    for gateway in (two.here, other):
        for number in range(2):
            assert asked(gateway, f"denied-{number}", MANY).status == 403

    for gateway in (two.here, other):
        eventually(lambda gateway=gateway: asked(gateway, "stopped", MANY).status < 300, seconds=SECONDS)
    (stopped,) = entries(here, "policy.rollout_stopped")
    assert (stopped.body["rule"], stopped.body["people"]) == (RULE, 2)
    assert stopped.body["denied"] >= SURGE["denials"]
    killed(there)
    assert asked(other, "after a restart", MANY).status < 300
    for gateway in two.both:
        (row,) = gateway.json("policy", "rollout", "list")
        assert row["rule"] == RULE
        assert row["stopped"]

    there.cli("policy", "rollout", "resume", RULE, "--reason", "people were told")

    for gateway in (two.here, other):
        eventually(lambda gateway=gateway: asked(gateway, "resumed", MANY).status == 403, seconds=SECONDS)
