"""A console with a past: jobs on hardware and simulators, denials, changes, and a witness that watches."""

import contextlib
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from gateway.domain.halt import Scope
from gateway.wiring import House
from tests.drill.deployment import fakes, priced
from tests.drill.exactly_once import ADAPTERS, SECRETS
from tests.e2e import stand
from tests.e2e.stand import Stand
from tests.fakes.oidc_provider import OidcProvider
from tests.integration import bodies
from tests.integration.abroad import ENDED, IONQ, QUICK, bell
from tests.integration.test_log_witness import WitnessProcess
from tests.running import Gateway, eventually

DEVICE = "qpu.forte-1"


@dataclass
class Past(Stand):
    """What happened before anybody looked."""

    jobs: dict[str, str] = field(default_factory=dict)
    """Client's ids by what became of them: `hardware`, `simulated`, `fallback`, and `foreign` of another project."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Places of single entries by what they tell: `denied`."""


@pytest.fixture(scope="session")
def console(tmp_path_factory) -> Iterator[Past]:
    """Take the place of the empty console of the folder above."""
    home = tmp_path_factory.mktemp("past")
    with contextlib.ExitStack() as stack:
        provider = stack.enter_context(OidcProvider())
        vendor = stack.enter_context(fakes(["ionq"], "--instant"))["ionq"]
        witness = WitnessProcess(home / "witness", "witness.test/lab")
        stack.callback(witness.stop)
        settings = {
            **stand.settings(home, provider),
            "GATEWAY_BUDGETS__PRICES": str(priced(home, ["ionq"])),
            "GATEWAY_ADAPTERS": json.dumps({"ionq": ADAPTERS["ionq"](vendor.url)}),
            "GATEWAY_VENDORS": json.dumps({"ionq": {"pace": QUICK}}),
            "GATEWAY_LEDGER__CHECKPOINT_SECONDS": "1",
            "GATEWAY_WITNESSES__LAB__URL": f"http://127.0.0.1:{witness.port}",
            "GATEWAY_WITNESSES__LAB__KEYS": json.dumps(witness.keys),
        }
        gateway = Gateway(home / "state", settings=settings, trust=_anybody()).init()
        stack.callback(gateway.discard)
        (home / "policy").write_text(gateway.cli("audit", "policy"))
        witness.run("watch", str(witness.directory), "--policy", str(home / "policy"))
        witness.start()
        past = Past(gateway, provider, stand.settle(gateway))
        added = gateway.run("vendors", "add", "ionq", "--name", "ionq", given=SECRETS["ionq"])
        assert added.returncode == 0, added.stderr
        gateway.start()
        _live(past)
        yield past


def _anybody() -> ssl.SSLContext:
    """Trust the certificate that the test itself made."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _live(past: Past) -> None:
    """Let things happen, and wait until the ledger can be searched for them."""
    gateway, keys = past.gateway, past.keys
    refused = gateway.request(
        "POST", "/ibm/api/v1/jobs", key=keys["scientist"], body=bodies.sampler(bodies.pub(shots=10**7))
    )
    assert refused.status == 403, refused.body
    past.jobs = {
        "simulated": gateway.submit(keys["scientist"], bodies.golden(tags=["qgw:dataset=https://data.example/h2"])),
        "fallback": gateway.submit(keys["lead"], bodies.golden(backend="ibm_fez")),
        "foreign": gateway.submit(keys["outsider"], bodies.golden()),
        "hardware": _ionq(past, "POST", "jobs", bell(backend=DEVICE))["id"],
    }
    for name, key in (("simulated", "scientist"), ("fallback", "lead"), ("foreign", "outsider")):
        gateway.ended(keys[key], past.jobs[name])
    eventually(lambda: _ionq(past, "GET", f"jobs/{past.jobs['hardware']}")["status"] in ENDED, seconds=60, pause=0.2)
    stand.inside(gateway, _administer)
    past.numbers = {"denied": stand.inside(gateway, _denied)}
    eventually(lambda: stand.inside(gateway, _searchable), pause=0.3)
    eventually(lambda: stand.inside(gateway, _witnessed), pause=0.3)


def _ionq(past: Past, method: str, path: str, body: object = None) -> dict[str, object]:
    headers = {"authorization": f"apiKey {past.keys['scientist']}", "content-type": "application/json"}
    reply = past.gateway.request(method, f"{IONQ}/{path}", body=body, headers=headers)
    assert reply.status < 300, reply.body
    return dict(reply.json())


async def _administer(house: House) -> None:
    halts = house.administration.halts
    stopped = await halts.set(Scope.PROJECT, "elsewhere", reason="an unexplained bill")
    await halts.lift(stopped.id)


async def _denied(house: House) -> int:
    return (await house.inspection.entries(since=0, type_="job.denied", limit=1))[0].seq


async def _searchable(house: House) -> bool:
    return not (await house.search.standing()).behind


async def _witnessed(house: House) -> bool:
    published = await house.proving.published()
    return published is not None and published.size >= (await house.search.standing()).of
