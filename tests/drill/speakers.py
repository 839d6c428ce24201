"""How the drill's clients speak to the gateway: as each vendor's SDK would, retries included.

A client has one intent and goes on until it has an answer: it sends the same bytes again when its connection is
cut or the status is one that the SDK retries. Whoever runs an SDK in a loop does the same.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp

PAUSES = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Seconds before each further try; far inside every SDK's own window."""
RETRIED = frozenset({429, 500, 502, 503, 504})
GOLDEN = Path(__file__).parents[1] / "golden"


class NoAnswerError(Exception):
    """An intent never got an answer."""


class Speaker(Protocol):
    """One vendor's words."""

    path: str
    headers: Mapping[str, str]

    def body(self, name: str) -> bytes:
        """Write the submission of an intent; the name comes back in the vendor's books."""
        ...

    def job_id(self, answer: Any) -> str:
        """Find the job id in an answer."""
        ...


@dataclass(frozen=True)
class Ionq:
    """As qiskit-ionq posts."""

    headers: Mapping[str, str]
    path: str = "/ionq/v0.4/jobs"

    @classmethod
    def of(cls, key: str) -> "Ionq":
        """Speak with a gateway key."""
        return cls({"authorization": f"apiKey {key}", "content-type": "application/json"})

    def body(self, name: str) -> bytes:
        """Write a Bell pair."""
        gates = [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]
        job = {"type": "ionq.circuit.v1", "backend": "qpu.forte-1", "shots": 10, "name": name}
        return json.dumps({**job, "input": {"gateset": "qis", "qubits": 2, "circuit": gates}}).encode()

    def job_id(self, answer: Any) -> str:
        """Find it."""
        return str(answer["id"])


@dataclass(frozen=True)
class Ibm:
    """As qiskit-ibm-runtime posts."""

    headers: Mapping[str, str]
    path: str = "/ibm/api/v1/jobs"

    @classmethod
    def of(cls, key: str) -> "Ibm":
        """Speak with a gateway key."""
        return cls({"authorization": f"apikey {key}", "content-type": "application/json"})

    def body(self, name: str) -> bytes:
        """Write the golden sampler job, tagged with the intent."""
        golden = json.loads((GOLDEN / "ibm" / "requests" / "sampler.sdk-0.51.json").read_bytes())
        return json.dumps({**golden, "backend": "ibm_test_five", "tags": [name]}).encode()

    def job_id(self, answer: Any) -> str:
        """Find it."""
        return str(answer["id"])


async def insist(session: aiohttp.ClientSession, url: str, speaker: Speaker, body: bytes, *, seconds: float) -> str:
    """Submit until there is an answer, and give the job id.

    Raises:
        NoAnswerError: none came in time, or a refusal.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    tries = 0
    while asyncio.get_running_loop().time() < deadline:
        try:
            async with session.post(f"{url}{speaker.path}", data=body, headers=dict(speaker.headers)) as answer:
                content = await answer.read()
                if answer.status < 300:
                    return speaker.job_id(json.loads(content))
                if answer.status not in RETRIED:
                    raise NoAnswerError(f"{answer.status}: {content[:300]!r}")
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
        tries += 1
    raise NoAnswerError(f"no answer in {seconds:g} s")
