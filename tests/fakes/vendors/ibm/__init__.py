"""A fake IBM Quantum: IAM, resource search, catalog and the runtime API, on Aer.

`FakeIbm` is served by `tests.fakes.vendors.serving.running` in a test, or by `python -m tests.fakes.vendors.ibm`. It is
written from IBM's published API description (runtime API 2026-04-15), and from what its stock SDK sends and reads; it
knows nothing of the gateway, whose judge it is.
"""

from tests.fakes.vendors.ibm.vendor import FakeIbm

__all__ = ["FakeIbm"]
