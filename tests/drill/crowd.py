"""A drill's clients: they submit without pause, never twice, and remember every answer and how long it took."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.drill.speakers import Speaker

PAUSE_SECONDS = 0.5
_REFUSED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One way to ask: at a vendor, with a key whose project consents to a simulator, or does not."""

    vendor: str
    willing: bool
    speaker: Speaker = field(repr=False)
    looks: bool = True
    """Whether it asks for its jobs, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a client was told about one intent."""

    name: str
    client: Client
    phase: str
    began_at: float
    seconds: float
    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def taken(self) -> bool:
        """Whether the gateway stands behind it from now on."""
        return 0 < self.status < _REFUSED

    @property
    def simulated(self) -> bool:
        """Whether the answer says that a simulator runs it."""
        return self.taken and self.headers.get("qgw-execution-kind") == "simulator"

    @property
    def hardware(self) -> bool:
        """Whether it must be at the vendor in the end, exactly once."""
        return self.taken and not self.simulated

    @property
    def job_id(self) -> str:
        """Find the job's id in the answer."""
        return self.client.speaker.job_id(json.loads(self.body))


@dataclass
class Crowd:
    """All clients of a drill."""

    url: str
    clients: Sequence[Client]
    phase: str = "before"
    told: list[Told] = field(default_factory=list)
    polls: list[float] = field(default_factory=list)
    """Seconds that each look at a job took."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _names: Iterator[str] = field(default_factory=lambda: map("intent-{}".format, itertools.count()))

    async def work(self, session: aiohttp.ClientSession) -> None:
        """Submit until it is over."""
        await asyncio.gather(*(self._insist(session, client) for client in self.clients))

    def since(self, phase: str) -> list[Told]:
        """Give what was told about submissions that began in a phase."""
        return [each for each in self.told if each.phase == phase]

    async def _insist(self, session: aiohttp.ClientSession, client: Client) -> None:
        while not self.over.is_set():
            told = await self._submit(session, client)
            self.told.append(told)
            if told.taken and client.looks:
                await self._look(session, told)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _submit(self, session: aiohttp.ClientSession, client: Client) -> Told:
        name, phase, began = next(self._names), self.phase, time.monotonic()
        status, headers, body = 0, {}, b""
        try:
            url, content = f"{self.url}{client.speaker.path}", client.speaker.body(name)
            headed = dict(client.speaker.headers(url, content))
            async with session.post(url, data=content, headers=headed) as answer:
                status, headers, body = answer.status, dict(answer.headers), await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        return Told(
            name=name,
            client=client,
            phase=phase,
            began_at=began,
            seconds=time.monotonic() - began,
            status=status,
            headers={key.lower(): value for key, value in headers.items()},
            body=body,
        )

    async def _look(self, session: aiohttp.ClientSession, told: Told) -> None:
        began = time.monotonic()
        await self.fetch(session, told)
        self.polls.append(time.monotonic() - began)

    async def fetch(self, session: aiohttp.ClientSession, told: Told, path: str = "") -> tuple[int, str, bytes]:
        """Look at a job, or at something below it; gives status, what the labels say ran it, and the body."""
        speaker = told.client.speaker
        url = f"{self.url}{speaker.path}/{told.job_id}{path}"
        async with session.get(url, headers=dict(speaker.headers(url, b""))) as answer:
            return answer.status, answer.headers.get("qgw-execution-kind", ""), await answer.read()
