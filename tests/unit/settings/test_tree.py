from dataclasses import asdict

from gateway.circuits.limits import SandboxLimits
from gateway.settings.tree import Sandbox


def test_the_sandbox_is_configured_in_its_own_words():
    """Both sides name every limit and agree on its default, so neither page of the manual can be wrong."""
    assert Sandbox().model_dump() == asdict(SandboxLimits())
