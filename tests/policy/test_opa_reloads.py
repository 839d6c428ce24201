"""Reloading where real OPA servers decide: published, pulled, believed, and taken back, while work goes on."""

import json
import threading

import pytest

from gateway.policy.bundle import default_root
from tests.integration import bodies
from tests.policy.sites import Site
from tests.running import API, eventually

pytestmark = pytest.mark.long

LIMITS = "org/limits/data.json"
FEW = 50
"""Shots, fewer than the golden body asks for."""


@pytest.fixture(scope="module")
def site(opa, tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("site"), opa)
    rules = made.directory / "rules"
    rules.mkdir()
    # Everything that the traffic sends is over the new limit, which a gateway refuses unless it is told that it may.
    made.gateway.settings |= {
        "GATEWAY_POLICY__OVERRIDES": str(rules),
        "GATEWAY_POLICY__CANARY_DENIALS_PERCENT": "100",
    }
    try:
        servers = [made.opa("first"), made.opa("second")]
        made.decides_by(*servers)
        made.gateway.launch()
        for each in servers:
            each.start()
        made.gateway.wait_ready()
        yield made
    finally:
        made.close()


class Traffic:
    """Submits again and again, and remembers what became of it."""

    def __init__(self, gateway, key):
        self.gateway, self.key, self.answers, self._ending = gateway, key, [], threading.Event()
        self._thread = threading.Thread(target=self._submit)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()

    def _submit(self):
        with self.gateway.client(key=self.key) as client:
            while not self._ending.wait(0.05):
                self.answers.append(client("POST", f"{API}/jobs", body=bodies.golden()))

    @property
    def refused(self):
        return [each.message for each in self.answers if each.status != 200]


def limit(site, shots):
    table = json.loads((default_root() / LIMITS).read_text("utf-8"))
    table["experimental"]["default"]["shots_per_circuit"] = shots
    place = site.directory / "rules" / LIMITS
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(table), "utf-8")
    return place


def test_a_new_limit_comes_into_force_and_goes_again_while_work_goes_on(site):
    gateway, key = site.gateway, site.key("scientist")
    with Traffic(gateway, key) as traffic:
        eventually(lambda: len(traffic.answers) > 3)
        place = limit(site, FEW)
        gateway.cli("policy", "reload", "--reason", "fewer shots", "--seconds", "90")
        eventually(lambda: traffic.answers[-1].status == 403, seconds=10)
        place.unlink()
        gateway.cli("policy", "reload", "--reason", "taken back", "--seconds", "90")
        eventually(lambda: traffic.answers[-1].status == 200, seconds=10)

    assert traffic.refused
    assert [each for each in traffic.refused if "circuits/shots" not in each] == [], "and nothing for want of an engine"
    revisions = [each["body"]["data_revision"] for each in gateway.entries("policy.activated")[-2:]]
    assert revisions[0] != revisions[1]
    decided = gateway.entries("job.permitted")[-1]["body"]["decision"]
    assert (decided["data_revision"], decided["engine"][:4]) == (revisions[1], "opa ")
    for each in site.servers:
        eventually(lambda shown=f'gateway_opa_usable{{opa="{each.address}"}} 1.0': shown in gateway.metrics())


def test_what_does_not_compile_is_refused_and_no_server_gets_it(site):
    gateway = site.gateway
    before = gateway.request("GET", "/bundles/rules.tar.gz", token=site.key("opa")).headers["etag"]
    broken = site.directory / "rules/gateway/rules/own/broken/broken.rego"
    broken.parent.mkdir(parents=True)
    broken.write_text("package gateway.rules.own.broken\n\ndeny contains", "utf-8")

    refused = gateway.run("policy", "reload", "--reason", "broken")

    broken.unlink()
    assert refused.returncode == 1
    assert gateway.request("GET", "/bundles/rules.tar.gz", token=site.key("opa")).headers["etag"] == before
    assert gateway.submit(site.key("scientist"), bodies.golden())
