"""The devices of an account's regions, asked about gently: lists every time, descriptions now and then.

A description is long, and changes with calibrations and queues only. A region that is away takes nothing from the
others: its devices are shown from memory, as offline.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from zlib import crc32

from adapters.braket import arns, vendor_backends
from adapters.braket.vendor_wire import Aws, segment, told
from gateway.domain.errors import UnavailableError
from gateway.domain.secret import Secret
from gateway.ports.vendor import AnswerLostError, BackendReport

_FRESH: Final = timedelta(minutes=2)
_SPREAD_SECONDS: Final = 60
"""How much longer than that at most, so that not everything is asked again at once."""
_REMEMBERED: Final = timedelta(days=1)
_PAGES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """Looks through regions, the first of which has the simulators."""

    aws: Aws
    regions: Sequence[str]

    async def reports(self) -> list[BackendReport]:
        """Report on all devices that are not retired.

        Raises:
            UnavailableError: no region answered.
            VendorRefusedError: one refused, which is for an administrator to mend.
        """
        answers = await asyncio.gather(*(self._region(each) for each in self.regions), return_exceptions=True)
        away = [answer for answer in answers if isinstance(answer, UnavailableError)]
        if len(away) == len(answers):
            raise away[0]
        reports: list[BackendReport] = []
        for region, answer in zip(self.regions, answers, strict=True):
            if isinstance(answer, BaseException) and not isinstance(answer, UnavailableError):
                raise answer
            reports += self._offline(region) if isinstance(answer, BaseException) else answer
        return reports

    async def described(self, region: str, arn: str) -> bytes:
        """Ask for a device's description."""
        return (await self.aws.braket(region, "GET", f"/device/{segment(arn)}")).body

    async def _region(self, region: str) -> list[BackendReport]:
        listed = [each async for each in self._listed(region)]
        found = [self._report(region, each, await self._description(region, each["deviceArn"])) for each in listed]
        self._remember(f"devices {region}", json.dumps(listed).encode(), _REMEMBERED)
        return [each for each in found if each is not None]

    async def _listed(self, region: str) -> AsyncIterator[dict[str, Any]]:
        """List what stands in a region; simulators stand in many, and are used in the first."""
        asked: dict[str, Any] = {"filters": [], "maxResults": 100}
        for _ in range(_PAGES):
            page = await self.aws.json(region, "POST", "/devices", asked)
            for each in page["devices"]:
                at_home = (arns.region(each["deviceArn"]) or self.regions[0]) == region
                if at_home and each["deviceStatus"] != vendor_backends.RETIRED:
                    yield each
            if not page.get("nextToken"):
                return
            asked["nextToken"] = page["nextToken"]
        raise AnswerLostError("braket lists more devices than can be looked through")

    async def _description(self, region: str, arn: str) -> bytes:
        known = self.aws.call.recall(f"device {arn}")
        if known is not None and self.aws.call.recall(f"fresh {arn}") is not None:
            return known.reveal()
        body = await self.described(region, arn)
        self._remember(f"device {arn}", body, _REMEMBERED)
        self._remember(f"fresh {arn}", b"", _FRESH + timedelta(seconds=crc32(arn.encode()) % _SPREAD_SECONDS))
        return body

    def _offline(self, region: str) -> list[BackendReport]:
        """Show what a region had when it last answered."""
        listed = self.aws.call.recall(f"devices {region}")
        summaries: list[dict[str, Any]] = [] if listed is None else json.loads(listed.reveal())
        known = [(each, self.aws.call.recall(f"device {each['deviceArn']}")) for each in summaries]
        found = [self._report(region, each, body.reveal()) for each, body in known if body is not None]
        return [
            replace(each, status=replace(each.status, online=False, message=f"{region} does not answer"))
            for each in found
            if each is not None
        ]

    def _report(self, region: str, summary: dict[str, Any], description: bytes) -> BackendReport | None:
        return vendor_backends.report(summary, told(description), region=region, now=self.aws.call.now)

    def _remember(self, name: str, body: bytes, lasting: timedelta) -> None:
        self.aws.call.remember(name, Secret(body), self.aws.call.now + lasting)
