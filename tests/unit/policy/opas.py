"""A fake OPA over real HTTP: it answers as told, and remembers what it was asked."""

import asyncio

from aiohttp import web

from tests.unit.policy.trees import answer


class FakeOpa:
    """Answers as told."""

    def __init__(self, bundle):
        self.bundle, self.asked, self.status, self.delay = bundle, [], 200, 0.0
        self.reply = {"result": answer(), "provenance": self.provenance()}
        self.statuses = {"result": {"bundles": {}}}

    def provenance(self, *, version="1.21.3", revisions=None):
        held = (self.bundle.policy_revision, self.bundle.data_revision) if revisions is None else revisions
        return {"version": version, "bundles": {f"b{n}": {"revision": each} for n, each in enumerate(held)}}

    async def handle(self, request):
        if request.path == "/v1/status":
            return web.json_response(self.statuses)
        self.asked.append((request.path, dict(request.query), await request.json(), dict(request.headers)))
        await asyncio.sleep(self.delay)
        return web.json_response(self.reply, status=self.status)

    async def start(self):
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.handle)
        self.runner = web.AppRunner(application)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        return self

    async def stop(self):
        await self.runner.cleanup()
