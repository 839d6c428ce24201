"""The fake AWS with its buckets, and calls to it over the gateway's own wire: for the tests of the vendor's side."""

import contextlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from adapters.braket import BraketSettings
from adapters.braket.vendor import BraketVendor
from gateway.domain.secret import Secret
from gateway.ports.vendor import Account, Call, Dispatch
from gateway.vendors.http import VendorSession
from gateway.vendors.memory import Memory
from gateway.vendors.settings import VendorHttp
from tests.fakes.vendors.aws import FakeAws
from tests.fakes.vendors.aws.calls import SV1, action
from tests.fakes.vendors.aws.vendor import KEY
from tests.fakes.vendors.faults import Rules
from tests.fakes.vendors.serving import Pace, running

REGIONS = ("us-east-1", "us-west-1", "eu-north-1")
BUCKET = "amazon-braket-{region}-test"
ATTRIBUTES = {"regions": ",".join(REGIONS), "bucket": BUCKET, "prefix": "lab/results"}
ACCOUNT = Account(id="a", vendor="braket", name="lab", project_id=None, attributes=ATTRIBUTES, version=1)
MARK = f"qgw-{'0' * 32}"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
AT_ONCE = Pace(queue_seconds=0.0, run_seconds=0.0)
INSTANT = Pace(queue_seconds=0.0, run_seconds=0.0, instant=True)
HELD = Pace(queue_seconds=60, instant=True)
TASK = {
    "clientToken": "615c742f-0000-4000-8000-000000000000",
    "deviceArn": SV1,
    "shots": 10,
    "outputS3Bucket": "the-clients-own",
    "outputS3KeyPrefix": "tasks",
    "action": action(),
}


def body(device=SV1, **changes):
    """Write a CreateQuantumTask body."""
    return json.dumps({**TASK, "deviceArn": device, **changes}).encode()


def dispatch(device=SV1, mark=MARK, **changes):
    """Give one attempt."""
    return Dispatch(job_id="j", attempt=1, mark=mark, backend=device, body=body(device, **changes))


@dataclass
class Hands:
    """A clock whose hands a test moves."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self):
        return self.moment


@dataclass
class Asking:
    """A vendor, its fake, and a way from one to the other."""

    fake: FakeAws
    vendor: BraketVendor
    session: VendorSession
    clock: Hands = field(default_factory=Hands)
    account: Account = ACCOUNT
    secrets: dict = field(default_factory=lambda: {"access_key_id": KEY.id, "secret_access_key": KEY.secret})
    opened: int = 0

    def __post_init__(self):
        self._memory = Memory(self.clock)

    def call(self, **attributes):
        """Give what one question may use."""
        account = replace(self.account, attributes={**self.account.attributes, **attributes})

        async def credential(_purpose):
            self.opened += 1
            return {name: Secret.of(value) for name, value in self.secrets.items()}

        return Call(
            account=account,
            now=self.clock.now(),
            send=self.session.send,
            open=credential,
            remember=lambda name, secret, until: self._memory.remember(account, name, secret, until),
            recall=lambda name: self._memory.recall(account, name),
        )

    def fails(self, match, kind, times=1, **more):
        """Let requests fail."""
        self.fake.faults.replace(Rules(rules=[{"match": match, "kind": kind, "times": times, **more}]))

    async def submit(self, asked=None):
        """Submit a task; gives its ARN."""
        asked = asked or dispatch()
        return await self.vendor.submit(self.call(), asked, self.vendor.prepare(self.account, asked))

    async def ended(self, arn):
        """Wait until a task ended."""
        while (job := await self.vendor.show(self.call(), arn)).status in {"queued", "running"}:
            pass
        return job

    def stored(self, job):
        """Give the results of a task as they lie in the bucket."""
        shown = json.loads(job.envelope)
        found = self.fake._storage.read(shown["outputS3Bucket"], f"{shown['outputS3Directory']}/results.json")
        return None if found is None else found.body


@contextlib.asynccontextmanager
async def asking(pace=INSTANT, **more):
    """Serve a fake whose buckets are there, and give a way to ask it."""
    fake = FakeAws(pace=pace, **more)
    for region in REGIONS:
        fake._storage.create(BUCKET.replace("{region}", region), region)
    session = VendorSession("braket", VendorHttp())
    async with running(fake) as url:
        try:
            yield Asking(fake, BraketVendor(BraketSettings(endpoint=url)), session)
        finally:
            await session.close()
