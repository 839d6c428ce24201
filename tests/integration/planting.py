"""Where canaries are planted: credentials at each vendor, and everything a client can write into a submission."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.drill.deployment import PACE, Fake, fakes, priced
from tests.fakes.vendors.aws.calls import BUCKET, SV1, Calls, action
from tests.fakes.vendors.aws.signature import Key
from tests.integration import bodies
from tests.integration.canaries import canary
from tests.running import Gateway, Reply

REGION = "us-east-1"
IONQ_KEY, IBM_KEY = canary("ionq-api-key"), canary("ibm-api-key")
AWS_ID, AWS_SECRET, AWS_TOKEN = canary("aws-key-id"), canary("aws-secret"), canary("aws-session-token")
COMMENT = f"// {canary('comment')}\n"
HEADER = f"OPENQASM 3.0;\n{COMMENT}"
BELL = "qubit[2] q;\nbit[2] c;\nh q[0];\n{cx} q[0], q[1];\nc = measure q;\n"
QASM = HEADER + 'include "stdgates.inc";\n' + BELL.format(cx="cx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """One vendor: how its fake is let in, and what the gateway is told of it."""

    fake: str
    key: str
    """What the fake's `--api-key` is."""
    secrets: str = field(repr=False)
    """What `gateway vendors add` reads."""
    words: Mapping[str, str] = field(repr=False)

    def settings(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Give the adapter's section."""
        url = told["url"]
        return {
            "ionq": {"url": f"{url}/v0.4"},
            "ibm": {"api_url": f"{url}/api/v1", "iam_url": url},
            "aws": {"endpoint": url},
        }[self.fake]

    def attributes(self, told: Mapping[str, Any]) -> list[str]:
        """Give what an account needs beside its secrets."""
        pairs = {
            "ibm": [f"crn={told.get('crn')}"],
            "aws": [f"regions={REGION}", f"bucket={BUCKET}"],
        }.get(self.fake, [])
        return [part for pair in pairs for part in ("--attribute", pair)]


VENDORS = {
    "ionq": Vendor(fake="ionq", key=IONQ_KEY, secrets=f"api_key={IONQ_KEY}\n", words={"ionq key": IONQ_KEY}),
    "ibm": Vendor(fake="ibm", key=IBM_KEY, secrets=f"api_key={IBM_KEY}\n", words={"ibm key": IBM_KEY}),
    "braket": Vendor(
        fake="aws",
        key=f"{AWS_ID}:{AWS_SECRET}:{AWS_TOKEN}",
        secrets=f"access_key_id={AWS_ID}\nsecret_access_key={AWS_SECRET}\nsession_token={AWS_TOKEN}\n",
        words={"aws key id": AWS_ID, "aws secret": AWS_SECRET, "aws session token": AWS_TOKEN},
    ),
}
WRITTEN = ("job-name", "circuit-name", "register", "metadata", "metadata-key", "setting", "comment", "tag", "prefix")
PAYLOAD = {name: canary(name) for name in WRITTEN}
"""What clients write, beside the circuits themselves."""


@dataclass
class Deployment:
    """A gateway with canaries for credentials, its fake vendors, and one client's key."""

    gateway: Gateway
    fakes: Mapping[str, Fake]
    key: str = ""
    pair: tuple[str, str] = ("", "")

    def send(self, dialect: str, method: str, path: str, body: Any = None, *, key: str | None = None) -> Reply:
        """Send one request as a client of a dialect would."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path = {"ionq": "/ionq/v0.4", "ibm": "/ibm/api/v1", "braket": "/aws/braket"}[dialect] + path
        if dialect != "braket":
            scheme = {"ionq": "apiKey", "ibm": "apikey"}[dialect]
            headers = {"authorization": f"{scheme} {key or self.key}"}
        else:
            signed = Calls(self.gateway.url, Key(*self.pair), REGION).signed(method, path, content)
            headers = {name.lower(): value for name, value in signed.items()}
        return self.gateway.request(method, path, headers=headers, body=content or None)


def deployed(folder: Path, vendors: Mapping[str, Vendor]) -> Iterator[Deployment]:
    """Start everything, and stop it again."""
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(fakes([each.fake], "--instant", "--api-key", each.key))[each.fake]
            for name, each in vendors.items()
        }
        settings = {
            "GATEWAY_LOG__LEVEL": "debug",
            "GATEWAY_BUDGETS__PRICES": str(priced(folder, list(vendors))),
            "GATEWAY_ADAPTERS": json.dumps({name: vendors[name].settings(fake.told) for name, fake in started.items()}),
            "GATEWAY_VENDORS": json.dumps({name: {"pace": PACE} for name in vendors}),
        }
        made = Gateway(folder / "state", settings=settings)
        stack.callback(made.discard)
        yield _settled(Deployment(made.init(), started), vendors)


def _settled(made: Deployment, vendors: Mapping[str, Vendor]) -> Deployment:
    if "braket" in vendors:
        asyncio.run(Calls(made.fakes["braket"].url, Key.parse(vendors["braket"].key), REGION).make_bucket())
    for name, each in vendors.items():
        attributes = each.attributes(made.fakes[name].told)
        done = made.gateway.run("vendors", "add", name, "--name", name, *attributes, given=each.secrets.encode())
        assert done.returncode == 0, done.stderr
    made.key = made.gateway.key("--simulator")
    printed = made.gateway.run("env", "braket", "--key", "-", "--json", given=f"{made.key}\n".encode())
    variables = json.loads(printed.stdout)
    made.pair = (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
    made.gateway.start()
    return made


def ionq(backend: str = "qpu.forte-1", **changes: Any) -> dict[str, Any]:
    """Write a multi-circuit job with a canary wherever text fits."""
    gates = [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]
    named = {"name": PAYLOAD["circuit-name"], "registers": {PAYLOAD["register"]: [0, 1]}, "circuit": gates}
    return {
        "type": "ionq.multi-circuit.v1",
        "backend": backend,
        "shots": 10,
        "name": PAYLOAD["job-name"],
        "metadata": {"note": PAYLOAD["metadata"], PAYLOAD["metadata-key"][:40]: "1"},
        "settings": {"compilation": {"precision": PAYLOAD["setting"]}},
        "input": {"gateset": "qis", "qubits": 2, "circuits": [named, named]},
        **changes,
    }


def ionq_qasm(backend: str = "simulator", **changes: Any) -> dict[str, Any]:
    """Write an OpenQASM job with a comment."""
    return {"type": "ionq.qasm3.v1", "backend": backend, "shots": 10, "input": {"data": QASM}, **changes}


def ibm(backend: str = "sim_heavyhex_27", **changes: Any) -> dict[str, Any]:
    """Write a sampler job of an OpenQASM program with a comment, tagged."""
    return bodies.sampler([QASM, None, 10], backend=backend, tags=[PAYLOAD["tag"]], **changes)


def braket(device: str = SV1, **changes: Any) -> dict[str, Any]:
    """Write a task with a comment, tags and a place for its results."""
    return {
        "clientToken": "615c742f-0000-4000-8000-000000000000",
        "deviceArn": device,
        "shots": 10,
        "outputS3Bucket": "the-clients-own",
        "outputS3KeyPrefix": PAYLOAD["prefix"],
        "action": action(HEADER + BELL.format(cx="cnot")),
        "tags": {"note": PAYLOAD["tag"]},
        **changes,
    }
