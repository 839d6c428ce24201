"""A fake vendor to replay against, with its default credential."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from tests.contracts.callers import VENDORS, Asker, asker
from tests.drill.deployment import Fake, fakes
from tests.fakes.vendors.aws.calls import BUCKET, Calls
from tests.fakes.vendors.aws.vendor import KEY as AWS_KEY
from tests.fakes.vendors.ibm.vendor import API_KEY as IBM_KEY
from tests.fakes.vendors.ionq.vendor import DEFAULT_KEY as IONQ_KEY


@contextmanager
def faked(vendor: str) -> Iterator[tuple[Asker, Fake]]:
    """Start a vendor's fake, and give what asks it."""
    module = VENDORS[vendor].module
    with fakes([module]) as started:
        fake = started[module]
        if vendor == "braket":
            asyncio.run(Calls(fake.url).make_bucket())
        yield asker(vendor, url=fake.url, known=credential(vendor, fake)), fake


def credential(vendor: str, fake: Fake) -> dict[str, str]:
    """Give what a fake lets in."""
    match vendor:
        case "ionq":
            return {"api_key": IONQ_KEY}
        case "ibm":
            return {"api_key": IBM_KEY, "crn": fake.told["crn"]}
        case _:
            pair = {"access_key_id": AWS_KEY.id, "secret_access_key": AWS_KEY.secret}
            return {**pair, "region": "us-east-1", "bucket": BUCKET}
