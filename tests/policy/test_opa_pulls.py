"""OPA as in production: it pulls signed bundles from a running gateway, and decides real submissions for it."""

import os
import signal

import pytest

from gateway.policy.signing import SigningKey
from tests.integration import bodies
from tests.policy.sites import Site
from tests.running import eventually

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def site(opa, tmp_path_factory):
    """Neither can be ready before the other is there, so the gateway starts first and waits."""
    made = Site(tmp_path_factory.mktemp("site"), opa)
    try:
        first, second = made.opa("first"), made.opa("second")
        made.decides_by(first, second)
        made.gateway.launch()
        for each in (first, second):
            each.start()
        made.gateway.wait_ready()
        yield made
    finally:
        made.close()


@pytest.fixture
def alone(opa, tmp_path):
    made = Site(tmp_path, opa)
    yield made
    made.close()


def decided_by(gateway):
    return gateway.entries("job.permitted")[-1]["body"]["decision"]


def usable(gateway, server):
    return f'gateway_opa_usable{{opa="{server.address}"}} 1.0' in gateway.metrics()


def test_opa_pulls_what_the_gateway_signs_and_decides_a_submission(site):
    gateway, key = site.gateway, site.key("scientist")

    job = gateway.submit(key, bodies.golden())

    assert gateway.ended(key, job)["status"] == "Completed"
    decision = decided_by(gateway)
    assert decision["engine"] == "opa 1.21.3"
    served = gateway.request("GET", "/bundles/rules.tar.gz", token=site.key("opa"))
    assert served.status == 200


def test_when_one_is_away_or_hangs_the_other_decides(site):
    """Nobody who submits notices; operators see it in metrics and in the log."""
    gateway, (first, second) = site.gateway, site.servers[:2]
    key = site.key("scientist")
    eventually(lambda: usable(gateway, first) and usable(gateway, second))

    os.kill(first.process.pid, signal.SIGSTOP)
    try:
        gateway.submit(key, bodies.golden())
        eventually(lambda: not usable(gateway, first))
        gateway.submit(key, bodies.golden())
    finally:
        os.kill(first.process.pid, signal.SIGCONT)
    eventually(lambda: usable(gateway, first))
    second.stop()
    gateway.submit(key, bodies.golden())
    second.start()
    eventually(lambda: usable(gateway, second))

    assert '"opa.failed"' in gateway.log()
    assert gateway.ready()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        pytest.param(lambda text: text.replace("scope: rules", "scope: other"), "scope mismatch", id="another scope"),
        pytest.param(
            lambda text: text.replace(text.split("key: |\n")[1].split("bundles:")[0], indented(SigningKey.new())),
            "failed to verify JWT signature",
            id="another key",
        ),
    ],
)
def test_opa_takes_nothing_that_it_is_not_told_to_trust(site, edit, words):
    server = site.opa(words.replace(" ", "-"), edit=edit).start()
    try:
        eventually(lambda: words in server.log(), seconds=20)
        assert not server.answers("/health?bundles")
    finally:
        server.stop()


def indented(key):
    return "".join(f"      {line}\n" for line in key.public.pem.splitlines())


def test_bundles_have_entity_tags(site):
    gateway, token = site.gateway, site.key("opa")
    first = gateway.request("GET", "/bundles/org.tar.gz", token=token)

    again = gateway.request("GET", "/bundles/org.tar.gz", token=token, headers={"if-none-match": first.headers["etag"]})
    other = gateway.request("GET", "/bundles/org.tar.gz", token=token, headers={"if-none-match": '"x"'})

    assert (first.status, again.status, other.status) == (200, 304, 200)
    assert (again.body, other.body) == (b"", first.body)
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        pytest.param(None, "GET", "/bundles/org.tar.gz", 401, id="nobody"),
        pytest.param("scientist", "GET", "/bundles/org.tar.gz", 403, id="somebody who may not"),
        pytest.param("opa", "GET", "/bundles/other.tar.gz", 404, id="no such bundle"),
        pytest.param("opa", "PUT", "/bundles/org.tar.gz", 405, id="nothing is written"),
        pytest.param("opa", "HEAD", "/bundles/org.tar.gz", 200, id="a look at the entity tag"),
    ],
)
def test_bundles_are_for_keys_that_may_read_policies(site, role, method, path, status):
    token = role and site.key(role)

    assert site.gateway.request(method, path, token=token).status == status


def test_a_key_of_opa_may_nothing_else(site):
    key = site.key("opa")

    assert site.gateway.request("POST", "/ibm/api/v1/jobs", key=key, body=bodies.golden()).status == 403


def test_rules_that_were_signed_elsewhere_are_served_and_decided_by_unchanged(alone, tmp_path):
    """One artefact, from whoever reviewed it to both engines; without the right signature nothing starts."""
    gateway, bundle = alone.gateway, tmp_path / "rules.tar.gz"
    public = gateway.run("policy", "keygen", str(tmp_path / "ci.pem"))
    (tmp_path / "ci.pub").write_text(public.stdout)
    gateway.cli("policy", "build", str(bundle), "--key", str(tmp_path / "ci.pem"), "--scope", "production")
    gateway.settings |= {
        "GATEWAY_POLICY__BUNDLE": str(bundle),
        "GATEWAY_POLICY__BUNDLE_KEY": str(tmp_path / "ci.pub"),
    }

    refused = gateway.run("doctor")
    assert "signed for 'production', wanted is 'rules'" in refused.stdout

    gateway.settings["GATEWAY_POLICY__BUNDLE_SCOPE"] = "production"
    gateway.start()
    gateway.submit(gateway.key(), bodies.golden())

    assert gateway.request("GET", "/bundles/rules.tar.gz", token=gateway.key(role="opa")).body == bundle.read_bytes()
    assert decided_by(gateway)["engine"].startswith("regorus")
