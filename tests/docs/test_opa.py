"""The page on OPA is run as it stands, with a real OPA and the test's own ports; what lies in deploy/opa is tried."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from gateway.domain.secret import Secret
from gateway.policy.bundle import default_root, load
from gateway.policy.opa import OpaRefusedError, OpaServer
from gateway.policy.published import RULES, Artefact
from gateway.policy.signing import VerificationKey
from tests.policy.servers import Opa
from tests.running import Gateway, free_port

pytestmark = pytest.mark.long

BLOCK = re.compile(r"^```sh run( &)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WAIT = 'for _ in $(seq 600); do curl --silent --fail --output /dev/null "{url}" && break; sleep 0.1; done\n'
SECONDS = 240.0
TOKEN = "0d9c1f4be2a7" * 3


def run(script, environment, place):
    """Run a script in a group of its own, of which nothing is left afterwards."""
    with (place / "told").open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-euc", script],
            env=environment,
            cwd=place,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return shell.wait(SECONDS), (place / "told").read_text("utf-8")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait()


@pytest.fixture
def page(pytestconfig):
    return (pytestconfig.rootpath / "docs" / "how-to" / "opa.md").read_text("utf-8")


@pytest.fixture
def program(tools):
    return tools.require("opa")


def test_the_page_works_as_it_stands(page, program, tmp_path):
    gateway, port = Gateway(tmp_path / "state").init(), free_port()
    programs = f"{Path(sys.executable).parent}:{program.parent}:{gateway.environment['PATH']}"
    waits = iter((f"http://127.0.0.1:{port}/health", f"http://127.0.0.1:{gateway.management_port}/health/ready"))
    script = ""
    for endless, text in BLOCK.findall(page.replace("8080", str(gateway.port)).replace("8181", str(port))):
        script += f"{{ {text}}} &\n{WAIT.format(url=next(waits))}" if endless else text

    status, told = run(script, {**gateway.environment, "PATH": programs, "no_proxy": "127.0.0.1"}, gateway.state_dir)

    assert status == 0, told
    assert re.search(r"^ok +server +runs and is ready", told, re.MULTILINE), told
    made = gateway.state_dir / "rules.tar.gz"
    key = VerificationKey.read((gateway.state_dir / "policy-key.pub").read_bytes())
    artefact = Artefact(part=RULES, content=made.read_bytes(), key=key, scope="rules")
    assert artefact.archive.revision == load(default_root()).policy_revision


def test_the_settings_are_settings(page, tmp_path):
    from gateway.settings import load as settings

    first, second = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for text in (first, second):
        (tmp_path / "gateway.toml").write_text(text)
        chosen = settings(tmp_path / "gateway.toml", {})
        assert chosen.model_dump(exclude_unset=True).keys() == tomllib.loads(text).keys()


async def test_an_opa_that_others_reach_decides_for_whoever_has_the_token_and_changes_nothing(
    program, tmp_path, pytestconfig
):
    bundle = load(default_root())
    bundle.write(tmp_path / "tree")
    rules = pytestconfig.rootpath / "deploy" / "opa" / "authz.rego"
    server = Opa(
        str(program),
        tmp_path,
        *(
            "--authentication",
            "token",
            "--authorization",
            "basic",
            "--set",
            f"bundles.all.resource=file://{tmp_path}/tree",
            str(rules),
        ),
        environment={"GATEWAY_OPA_TOKEN": TOKEN},
    )
    try:
        server.start(health="/health?bundles")
        assert (await asked(server, TOKEN)).result["allow"] is True
        for wrong in (None, "1" * 36, TOKEN[:12]):
            with pytest.raises(OpaRefusedError, match="401"):
                await asked(server, wrong)
        for method, path in (
            ("PUT", "/v1/policies/x"),
            ("PUT", "/v1/data/x"),
            ("GET", "/v1/data"),
            ("POST", "/v1/query"),
        ):
            assert refused(server, method, path), path
        assert server.answers("/health")
    finally:
        server.stop()


async def asked(server, token):
    client = OpaServer(server.url, token=token and Secret.of(token), deadline_seconds=10)
    await client.open()
    try:
        known = next(each for each in load(default_root()).known if each.allow)
        return await client.ask(known.facts)
    finally:
        await client.close()


def refused(server, method, path):
    command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--request", method]
    told = subprocess.run(
        [*command, "--data", "{}", "--header", f"Authorization: Bearer {TOKEN}", f"{server.url}{path}"],
        env={"no_proxy": "*"},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout == "401"


def test_every_deployment_runs_the_oldest_opa_that_is_taken_and_the_options_it_has(program, pytestconfig):
    """An option that OPA does not have would be found by nobody but the operator."""
    place = pytestconfig.rootpath / "deploy" / "opa"
    known = subprocess.run([program, "run", "--help"], capture_output=True, text=True, check=True).stdout
    texts = {path.name: path.read_text("utf-8") for path in place.iterdir()}

    for name in ("compose.yaml", "kubernetes.yaml"):
        images = re.findall(r"openpolicyagent/opa:([\w.-]+)", json.dumps(list(yaml.safe_load_all(texts[name]))))
        assert set(images) == {"1.21.3"}
    used = {option for text in texts.values() for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)}
    of_the_gateway = {"--url", "--persist", "--token-file", "--principal", "--role", "--json"}
    assert {option for option in used - of_the_gateway if option not in known} == set()
