"""Stock SDKs, each in an environment of its own, driven by the plain scripts in `drivers/` against a real gateway."""

import ipaddress
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.running import Gateway
from tests.sdk.stand import Stand, exports, standing

DRIVERS = Path(__file__).parent / "drivers"
SECONDS = 180


@dataclass(frozen=True)
class Sdk:
    """One unmodified SDK."""

    name: str
    python: Path
    home: Path

    def run(self, driver: str, *arguments: str, env: Mapping[str, str] | None = None, given: str = "") -> Any:
        """Run a driver with nothing but these variables and give its report; `given` is its standard input."""
        _assert_loopback(env or {})
        done = subprocess.run(
            [str(self.python), str(DRIVERS / f"{driver}.py"), *arguments],
            env={**self._surroundings(), **(env or {})},
            input=given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def _surroundings(self) -> dict[str, str]:
        # A proxy that is not there: whatever would leave this machine fails at once.
        nowhere = "http://127.0.0.1:9"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "HTTP_PROXY": nowhere,
            "HTTPS_PROXY": nowhere,
            "NO_PROXY": "127.0.0.1,localhost",
            # Whoever runs the tests may have an account at AWS, and their machine a role there.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def _assert_loopback(env: Mapping[str, str]) -> None:
    """Refuse to start an SDK that is pointed anywhere else."""
    hosts = {name: urlsplit(value).hostname for name, value in env.items() if "://" in value}
    strange = {name: host for name, host in hosts.items() if not host or not ipaddress.ip_address(host).is_loopback}
    assert not strange, strange


@pytest.fixture(scope="session", params=["ibm-oldest", "ibm-newest"])
def sdk(request, tools, tmp_path_factory) -> Sdk:
    """Give each supported SDK in turn."""
    python = tools.require(f"sdk-{request.param}")
    return Sdk(name=request.param, python=python, home=tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def ionq_sdk(tools, tmp_path_factory) -> Sdk:
    """Give IonQ's SDK."""
    return Sdk(name="ionq", python=tools.require("sdk-ionq"), home=tmp_path_factory.mktemp("ionq"))


@pytest.fixture(scope="session")
def braket_sdk(tools, tmp_path_factory) -> Sdk:
    """Give Amazon Braket's SDK."""
    return Sdk(name="braket", python=tools.require("sdk-braket"), home=tmp_path_factory.mktemp("braket"))


@pytest.fixture(scope="session")
def ibm_sdk(tools, tmp_path_factory) -> Sdk:
    """Give IBM's newest SDK alone."""
    return Sdk(name="ibm-newest", python=tools.require("sdk-ibm-newest"), home=tmp_path_factory.mktemp("ibm"))


@dataclass(frozen=True)
class Served:
    """A running gateway as somebody with a key sees it."""

    deployment: Gateway
    key: str
    env: Mapping[str, str]
    """What `gateway env` prints for one SDK, and nothing else."""

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.deployment.url

    def restart(self) -> None:
        """Stop it in order and start it again."""
        self.deployment.restart()


@pytest.fixture(scope="session")
def gateway(tmp_path_factory) -> Iterator[Served]:
    """Give one gateway to all SDK tests."""
    deployment = Gateway(state_dir=tmp_path_factory.mktemp("gateway")).init()
    try:
        deployment.start()
        key = deployment.key()
        yield Served(deployment=deployment, key=key, env=exports(deployment.cli("env", "ibm", "--key", key)))
    finally:
        deployment.stop()


@pytest.fixture(scope="session")
def ionq(gateway) -> Served:
    """Give the same gateway to somebody with IonQ's SDK."""
    env = exports(gateway.deployment.cli("env", "ionq", "--key", gateway.key))
    return Served(deployment=gateway.deployment, key=gateway.key, env=env)


@pytest.fixture(scope="session")
def braket(gateway) -> Served:
    """Give the same gateway to somebody with Amazon Braket's SDK."""
    env = exports(gateway.deployment.cli("env", "braket", "--key", gateway.key))
    return Served(deployment=gateway.deployment, key=gateway.key, env=env)


@pytest.fixture(scope="session")
def at_ionq(ionq_sdk, tmp_path_factory) -> Iterator[Stand]:
    """Give a gateway that asks a fake IonQ, and nobody else."""
    with standing("ionq", tmp_path_factory.mktemp("at-ionq"), "--queue-seconds", "0.3") as stand:
        yield stand


@pytest.fixture(scope="session")
def at_braket(braket_sdk, tmp_path_factory) -> Iterator[Stand]:
    """Give a gateway that asks a fake Amazon Braket, and nobody else."""
    with standing("braket", tmp_path_factory.mktemp("at-braket"), "--queue-seconds", "0.3") as stand:
        yield stand


@pytest.fixture(scope="session")
def at_ibm(ibm_sdk, tmp_path_factory) -> Iterator[Stand]:
    """Give a gateway that asks a fake IBM, and nobody else."""
    with standing("ibm", tmp_path_factory.mktemp("at-ibm"), "--queue-seconds", "0.3") as stand:
        yield stand
