"""Programs without bytes, and a simulator upstream whose workers read the tests' own payloads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.aer import AerSettings, AerUpstream
from gateway.circuits.measure import measure
from gateway.domain.backend import ExecutionKind
from gateway.domain.decision import Placement
from gateway.domain.permit import Permit
from gateway.ports.reader import ReadLimits
from gateway.ports.upstream import Order, Progress, UpstreamContext
from tests.unit.aer.plain_reader import PlainReader, write

ROOT = Path(__file__).parents[3]
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


class StillClock:
    """It is always noon on the first of June 2025."""

    def now(self) -> datetime:
        return NOON


@dataclass
class Bench:
    """An upstream and everything it told the house."""

    upstream: AerUpstream
    told: list[Progress] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def submit(
        self, job_id: str, *items: dict[str, Any], principal="ada", kind="sampler", max_seconds=None, **more
    ):
        body = more.pop("body", None) or write(kind, items, more.pop("options", None))
        return await self.upstream.submit(
            permit(job_id, **more),
            order(body, principal=principal, kind=kind, max_seconds=max_seconds, facts=write(kind, items)),
        )

    async def until(self, job_id: str, *statuses: str) -> Progress:
        """Wait until a job has one of these statuses."""
        async with asyncio.timeout(60), self.news:
            while True:
                for progress in self.told:
                    if progress.job_id == job_id and progress.status in statuses:
                        return progress
                await self.news.wait()

    async def ending(self, job_id: str) -> Progress:
        """Wait until a job ends."""
        return await self.until(job_id, "completed", "failed", "cancelled")


def permit(job_id: str, *, backend="sim_heavyhex_27", attempt=1) -> Permit:
    place = Placement(upstream="aer", backend=backend, kind=ExecutionKind.SIMULATOR, fallback=False, reason="")
    return Permit(job_id=job_id, attempt=attempt, placement=place, seq=1, event_id=job_id)


def order(body: bytes, *, principal: str, kind: str, max_seconds: int | None, facts: bytes) -> Order:
    limits = ReadLimits(decompressed_bytes=2**20, circuits=10, bindings=10)
    return Order(
        reader="plain",
        body=body,
        program=kind,
        facts=measure(PlainReader().read(facts, limits)),
        principal_id=principal,
        max_seconds=max_seconds,
        calibration=None,
    )


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Start upstreams with given settings; all are closed in the end."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    started: list[AerUpstream] = []

    async def start(**settings: Any) -> Bench:
        async def tell(progress: Progress) -> None:
            async with made.news:
                made.told.append(progress)
                made.news.notify_all()

        context = UpstreamContext(
            clock=StillClock(),
            progress=tell,
            state_dir=tmp_path,
            readers={"plain": "tests.unit.aer.plain_reader:PlainReader"},
        )
        made = Bench(AerUpstream(AerSettings(**{"workers": 1, **settings}), context))
        await made.upstream.start()
        started.append(made.upstream)
        return made

    yield start
    for upstream in started:
        await upstream.close()
