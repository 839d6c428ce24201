"""IBM's vendor side pointed at the fake over real HTTP, with everything that passes written down."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp

from adapters.ibm import IbmSettings
from adapters.ibm.vendor import IbmVendor
from gateway.domain.errors import GatewayError
from gateway.domain.job import JobStatus
from gateway.domain.secret import Secret
from gateway.ports.vendor import Account, Call, Dispatch
from gateway.vendors.http import VendorSession
from gateway.vendors.settings import VendorHttp
from tests.fakes.vendors.ibm.vendor import API_KEY, CRN

ACCOUNT = Account(id="a-1", vendor="ibm", name="ibm", project_id=None, attributes={"crn": CRN}, version=1)
MARK = "qgw-" + "0123456789abcdef" * 2
FIVE = "ibm_test_five"


class Caller:
    """Asks the fake as the gateway does; `memory` is what was remembered, `sent` what went out."""

    def __init__(self, url, *, api_key=API_KEY, account=ACCOUNT):
        self.url, self.api_key, self.account = url, api_key, account
        self.vendor = IbmVendor(IbmSettings(iam_url=f"{url}/iam", api_url=f"{url}/api/v1"))
        self.session = VendorSession("ibm", VendorHttp())
        self.opened, self.sent, self.memory = [], [], {}
        self.now = datetime.now(UTC)

    @property
    def call(self):
        return Call(
            account=self.account,
            now=self.now,
            send=self._send,
            open=self._open,
            remember=lambda name, secret, until: self.memory.update({name: (secret, until)}),
            recall=self._recall,
        )

    @property
    def paths(self):
        """What was asked, without IAM."""
        asked = [f"{each.method} {each.url.removeprefix(self.url)}" for each in self.sent]
        return [each.replace("/api/v1", "") for each in asked if "/iam/" not in each]

    async def submit(self, body, *, mark=MARK):
        dispatch = dispatched(body, mark=mark)
        prepared = self.vendor.prepare(self.account, dispatch)
        return await self.vendor.submit(self.call, dispatch, prepared)

    async def ended(self, job_id):
        for _ in range(500):
            job = await self.vendor.show(self.call, job_id)
            if JobStatus(job.status).final:
                return job
            await asyncio.sleep(0.01)
        raise AssertionError(job)

    async def find(self, mark=MARK):
        return (await self.vendor.find(self.call, [dispatched({}, mark=mark)], since=self.now)).get(mark)

    async def control(self, path, **order):
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/_control/{path}", json=order) as told:
            assert told.status < 300, await told.text()

    async def raw(self, path):
        """Fetch something as the fake serves it, past everything that is tested here."""
        token = self.memory["access-token"][0].reveal().decode()
        headers = {"Authorization": f"Bearer {token}", "Service-CRN": CRN, "IBM-API-Version": "2026-04-15"}
        async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{self.url}/api/v1{path}") as told:
            return await told.read()

    async def fails(self, match, kind, **rule):
        await self.control("faults", rules=[{"match": match, "kind": kind, **rule}])

    async def works(self):
        await self.control("faults", rules=[])

    async def _send(self, request):
        self.sent.append(request)
        return await self.session.send(request)

    async def _open(self, purpose):
        self.opened.append(purpose)
        return {"api_key": Secret.of(self.api_key)}

    def _recall(self, name):
        secret, until = self.memory.get(name, (None, None))
        return secret if until is not None and self.now < until else None


def dispatched(body, *, mark=MARK, **changes):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Dispatch(**{"job_id": "j", "attempt": 1, "mark": mark, "backend": FIVE, "body": content, **changes})


def elsewhere(crn):
    return replace(ACCOUNT, attributes={"crn": crn})


async def error_of(awaitable):
    """Give what a question raises."""
    try:
        return await awaitable
    except GatewayError as error:
        return error
