"""`python -m tests.drill.trial`: the three fake vendors, and beside them a deployment of the gateway that knows them.

For whoever wants to try the gateway before there is an account anywhere. Ports, jobs and the deployment are the same
after a restart. Serves until SIGINT or SIGTERM.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from tests.drill.deployment import priced
from tests.fakes.vendors.aws import FakeAws
from tests.fakes.vendors.aws import vendor as aws
from tests.fakes.vendors.aws.calls import Calls
from tests.fakes.vendors.ibm import vendor as ibm
from tests.fakes.vendors.ibm.vendor import FakeIbm
from tests.fakes.vendors.ionq import vendor as ionq
from tests.fakes.vendors.ionq.vendor import FakeIonq
from tests.fakes.vendors.journal import Journal
from tests.fakes.vendors.serving import Vendor, serving

FAKES: Final[Mapping[str, type[Vendor]]] = {"ibm": FakeIbm, "ionq": FakeIonq, "braket": FakeAws}
"""By the name of the adapter that asks each; the order is that of the ports."""
REGIONS: Final = ("us-east-1", "us-west-1", "eu-north-1")
BUCKET: Final = "amazon-braket-trial-{region}"
SETTINGS: Final = """\
# Written by `make fakes` at each start.
state_dir = "{folder}/state"

[budgets]
prices = "{folder}/prices.json"

[adapters.ibm]
api_url = "{ibm}/api/v1"
iam_url = "{ibm}"

[adapters.ionq]
url = "{ionq}/v0.4"

[adapters.braket]
endpoint = "{braket}"
"""
TOLD: Final = """\
Three fake vendors, until Ctrl-C. Nothing leaves this machine, and nothing costs anything.
{vendors}
{folder} holds a deployment that knows them, with an account at each. In a second terminal:

  export PATH="{programs}:$PATH" GATEWAY_CONFIG="{folder}/gateway.toml"
  gateway serve

In a third, after the same export, for ionq, ibm or braket, and then your script with the vendor's own SDK:

  eval "$(gateway env ionq --key - < "{folder}/key")"
"""


class Trial:
    """One deployment in a directory, to try the gateway with."""

    def __init__(self, folder: Path, urls: Mapping[str, str]) -> None:
        self._folder, self._urls = folder, urls

    def write_settings(self) -> None:
        """Point the gateway at the vendors."""
        priced(self._folder, list(self._urls))
        text = SETTINGS.format(folder=self._folder, **self._urls)
        (self._folder / "gateway.toml").write_text(text, "utf-8")

    async def prepare(self) -> None:
        """Begin the deployment and give it its accounts; what an earlier start made stays."""
        if (self._folder / "key").exists():
            return
        await self._make_buckets()
        await asyncio.to_thread(self._begin)

    async def _make_buckets(self) -> None:
        calls = Calls(self._urls["braket"])
        for region in REGIONS:
            elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != REGIONS[0] else {}
            await calls("s3", "create_bucket", region=region, Bucket=BUCKET.format(region=region), **elsewhere)

    def _begin(self) -> None:
        self._gateway("init")
        self._account("ibm", "api_key=" + ibm.API_KEY, "crn=" + ibm.CRN)
        self._account("ionq", "api_key=" + ionq.DEFAULT_KEY)
        self._account(
            "braket",
            f"access_key_id={aws.KEY.id}\nsecret_access_key={aws.KEY.secret}",
            "regions=" + ",".join(REGIONS),
            "bucket=" + BUCKET,
        )
        key = self._gateway("keys", "new", "--principal", "admin", "--project", "default", "--role", "scientist")
        # Written last: a start that was interrupted before has no key.
        path = self._folder / "key"
        path.touch(mode=0o600)
        path.write_text(key, "utf-8")

    def _account(self, vendor: str, secrets: str, *attributes: str) -> None:
        told = [word for attribute in attributes for word in ("--attribute", attribute)]
        self._gateway("vendors", "add", vendor, "--name", f"fake-{vendor}", *told, given=secrets)

    def _gateway(self, *arguments: str, given: str = "") -> str:
        settings = self._folder / "gateway.toml"
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "--config", str(settings), *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{done.stderr}gateway {arguments[0]} failed; remove {self._folder} and start again")
        return done.stdout

    def told(self) -> str:
        """Say how to go on."""
        vendors = "".join(f"  {name:8}{url}\n" for name, url in self._urls.items())
        return TOLD.format(vendors=vendors, folder=self._folder, programs=Path(sys.executable).parent)


async def run(folder: Path, first_port: int) -> None:
    """Serve the vendors until told to stop."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with AsyncExitStack() as stack:
        urls: dict[str, str] = {}
        for number, (name, fake) in enumerate(FAKES.items()):
            vendor = fake(journal=Journal(folder / f"{name}.jobs"))
            port = first_port + number if first_port else 0
            urls[name] = (await stack.enter_async_context(serving(vendor, port=port))).url
        trial = Trial(folder, urls)
        trial.write_settings()
        await trial.prepare()
        print(trial.told(), flush=True)
        await stop.wait()


def main(given: Sequence[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill.trial", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(".fakes"), help="where the deployment lies, or will")
    parser.add_argument("--port", type=int, default=7300, help="the first of three ports; 0 is any free ones")
    arguments = parser.parse_args(given)
    os.umask(0o077)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(arguments.folder.resolve(), arguments.port))


if __name__ == "__main__":
    main()
