"""A gateway in front of fake vendors in processes of their own, and how a client of each asks it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.drill.deployment import PACE, Fake, fakes, overrides
from tests.drill.deployment import gateway as deployment
from tests.drill.exactly_once import ADAPTERS, ATTRIBUTES, NAMES, SECRETS
from tests.running import API, Gateway, Reply, eventually

IONQ = "/ionq/v0.4"
QUICK = {**PACE, "refresh_seconds": 1.0, "first_poll_seconds": 0.2, "running_poll_seconds": 0.5}
ENDED = frozenset({"completed", "failed", "canceled"})


@dataclass
class Abroad:
    """One deployment, its vendors, and a scientist's key."""

    gateway: Gateway
    fakes: Mapping[str, Fake]
    key: str = field(repr=False, default="")

    # ── clients ──────────────────────────────────────────────────────────────────────────────────
    def ibm(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask as qiskit-ibm-runtime does."""
        return self.gateway.request(method, f"{API}/{path}", key=self.key, body=body)

    def ionq(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask as qiskit-ionq does."""
        headers = {"authorization": f"apiKey {self.key}", "content-type": "application/json"}
        return self.gateway.request(method, f"{IONQ}/{path}", body=body, headers=headers)

    def ibm_ended(self, job: str) -> Any:
        """Poll until it has ended, and show it."""
        return self.gateway.ended(self.key, job)

    def ionq_ended(self, job: str) -> Any:
        """Poll until it has ended, and show it."""
        return eventually(
            lambda: shown if (shown := self.ionq("GET", f"jobs/{job}").json())["status"] in ENDED else None,
            seconds=60,
            pause=0.1,
        )

    # ── vendors ──────────────────────────────────────────────────────────────────────────────────
    def set_online(self, vendor: str, *backends: str, online: bool) -> None:
        """Switch backends on or off, and wait until the gateway has heard of it."""
        for backend in backends:
            self.fakes[vendor].ask("backends", {"backend": backend, "online": online})
        for backend in backends:
            eventually(lambda backend=backend: self._online(vendor, backend) is online, seconds=30, pause=0.1)

    def _online(self, vendor: str, backend: str) -> bool:
        if vendor == "ibm":
            reply = self.ibm("GET", f"backends/{backend}/status")
            return reply.status == 200 and bool(reply.json()["state"])
        reply = self.ionq("GET", f"backends/{backend}")
        return reply.status == 200 and reply.json()["status"] == "available"

    def taken(self, vendor: str) -> list[dict[str, Any]]:
        """List what a vendor ever took."""
        return self.fakes[vendor].jobs()

    def named(self, name: str) -> list[dict[str, Any]]:
        """List what IonQ ever took under a name."""
        return [job for job in self.taken("ionq") if job["more"]["name"] == name]


@contextmanager
def abroad(
    folder: Path,
    vendors: Sequence[str],
    *arguments: str,
    policies: Mapping[str, Any] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Abroad]:
    """Start vendors and a gateway that has an account at each; `policies` are tables of `org` to override."""
    with ExitStack() as stack:
        started = stack.enter_context(fakes(vendors, *arguments))
        adapters = {NAMES[vendor]: ADAPTERS[vendor](fake.url) for vendor, fake in started.items()}
        made = deployment(folder, adapters, pace=QUICK)
        made.settings.update(settings or {})
        if policies:
            made.settings["GATEWAY_POLICY__OVERRIDES"] = str(overrides(folder, policies))
        stack.callback(made.discard)
        made.init()
        for vendor, fake in started.items():
            attributes = ATTRIBUTES[vendor](fake.told)
            done = made.run("vendors", "add", NAMES[vendor], "--name", vendor, *attributes, given=SECRETS[vendor])
            assert done.returncode == 0, done.stderr
        made.start()
        yield Abroad(made, started, made.key())


def bell(**changes: Any) -> dict[str, Any]:
    """Write a Bell pair for IonQ."""
    gates = [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]
    given = {"gateset": "qis", "qubits": 2, "circuit": gates}
    return {"type": "ionq.circuit.v1", "backend": "qpu.forte-1", "shots": 64, "input": given, **changes}
