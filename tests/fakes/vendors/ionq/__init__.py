"""The fake IonQ: `FakeIonq` inside a test, `python -m tests.fakes.vendors.ionq` for anybody."""

from tests.fakes.vendors.ionq.vendor import DEFAULT_KEY, FakeIonq

__all__ = ["DEFAULT_KEY", "FakeIonq"]
