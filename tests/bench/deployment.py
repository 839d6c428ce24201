"""A gateway to be measured: everything on, SQLite, the sink and the simulator as its upstreams."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from gateway.casework.keys import Wish
from gateway.casework.projects import Terms
from gateway.domain.principal import PrincipalKind
from gateway.settings import load
from gateway.wiring import House, initialise, open_house
from gateway.wiring.serving import open_serving
from tests.bench.processes import wait_until_idle
from tests.bench.traffic import Request
from tests.running import Gateway

SINK = Path(__file__).parent / "sink"
# Where rooms are opened in this process, the sink's entry point must be found here too.
sys.path.append(str(SINK))
JSON = {"content-type": "application/json"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_SCIENTIST = Wish(roles=("scientist",))
_GRANT = "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey="


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """An initialised deployment that does not run yet."""

    gateway: Gateway
    keys: tuple[str, ...]
    """One for each of its scientists."""

    @contextmanager
    def running(self) -> Iterator[Gateway]:
        """Serve, let the worker processes finish warming up, and stop in the end whatever happened."""
        try:
            self.gateway.start()
            wait_until_idle(pid_of(self.gateway))
            yield self.gateway
        finally:
            self.gateway.stop()

    @asynccontextmanager
    async def in_process(self) -> AsyncIterator[House]:
        """Open all its rooms here, to measure one of them alone."""
        async with open_serving(load(None, self.gateway.environment)) as house:
            yield house


def deploy(
    directory: Path,
    *,
    scientists: int = 1,
    projects: int = 1,
    aer: dict[str, Any] | None = None,
    more_backends: int = 0,
) -> Deployment:
    """Initialise a deployment with so many principals, each with a key, over so many projects."""
    state = directory / "state"
    state.mkdir(parents=True)
    adapters = {"sink": {"more_backends": more_backends}, "aer": aer or {}}
    settings = {
        "PYTHONPATH": str(SINK),
        "GATEWAY_ADAPTERS": json.dumps(adapters),
        "GATEWAY_BUDGETS__PRICES": str(SINK / "prices.json"),
    }
    gateway = Gateway(state, settings)
    keys = uvloop.run(_populate(gateway, scientists, projects))
    return Deployment(gateway=gateway, keys=keys)


async def _populate(gateway: Gateway, scientists: int, projects: int) -> tuple[str, ...]:
    settings = load(None, gateway.environment)
    await initialise(settings)
    async with open_house(settings) as house:
        office = house.administration
        for number in range(projects):
            await office.projects.create(name=f"project-{number}", terms=Terms(simulator_consent=True))
        keys = []
        for number in range(scientists):
            name = f"scientist-{number}"
            await office.principals.create(name=name, kind=PrincipalKind.PERSON)
            issued = await office.keys.new(principal=name, project=f"project-{number % projects}", wish=_SCIENTIST)
            keys.append(issued.text.reveal().decode())
    return tuple(keys)


def pid_of(gateway: Gateway) -> int:
    """Give the process id of its supervisor."""
    assert gateway.process is not None, "it does not run"
    return gateway.process.pid


def bearer(gateway: Gateway, key: str) -> dict[str, str]:
    """Trade a key for a token, as the SDK does before anything else."""
    answer = gateway.request("POST", "/ibm/iam/identity/token", body=(_GRANT + key).encode(), headers=_FORM)
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def submission(headers: dict[str, str], body: bytes) -> Request:
    """Write the request that submits a body."""
    return Request("POST", "/ibm/api/v1/jobs", {**JSON, **headers}, body)


def poll(headers: dict[str, str], job: str) -> Request:
    """Write the request that stock SDKs repeat while they wait."""
    return Request("GET", f"/ibm/api/v1/jobs/{job}?exclude_params=true", headers)
