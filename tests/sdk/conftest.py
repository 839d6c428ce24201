"""Stock SDKs, each in an environment of its own, driven by the plain scripts in `drivers/` against a real gateway."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.running import Gateway

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
        }


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
        yield Served(deployment=deployment, key=key, env=_exports(deployment.cli("env", "ibm", "--key", key)))
    finally:
        deployment.stop()


@pytest.fixture(scope="session")
def ionq(gateway) -> Served:
    """Give the same gateway to somebody with IonQ's SDK."""
    env = _exports(gateway.deployment.cli("env", "ionq", "--key", gateway.key))
    return Served(deployment=gateway.deployment, key=gateway.key, env=env)


@pytest.fixture(scope="session")
def braket(gateway) -> Served:
    """Give the same gateway to somebody with Amazon Braket's SDK."""
    env = _exports(gateway.deployment.cli("env", "braket", "--key", gateway.key))
    return Served(deployment=gateway.deployment, key=gateway.key, env=env)


def _exports(script: str) -> dict[str, str]:
    words = [word for line in script.splitlines() for word in shlex.split(line, comments=True)]
    return dict(word.split("=", 1) for word in words if "=" in word)
