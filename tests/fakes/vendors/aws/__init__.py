"""A fake AWS: Amazon Braket, and of S3 and STS what its users need, on Aer.

`FakeAws` is served by `tests.fakes.vendors.serving.running` in a test, or by `python -m tests.fakes.vendors.aws`. It is
written from the service model inside botocore and from what the stock SDK sends and reads; it knows nothing of the
gateway, whose judge it is.
"""

from tests.fakes.vendors.aws.signature import Key
from tests.fakes.vendors.aws.vendor import FakeAws

__all__ = ["FakeAws", "Key"]
