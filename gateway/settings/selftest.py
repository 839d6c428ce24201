"""How the gateway tests itself while it serves."""

from typing import Annotated

from pydantic import Field

from gateway.settings.section import Section


class SelfTest(Section):
    """Known facts through every engine that decides, and synthetic submissions through the front door."""

    seconds: Annotated[float, Field(ge=1, le=60)] = 60.0
    """How often; what fails alarms within twice that time."""
    submissions: bool = True
    """Whether synthetic principals submit, too: one job that must run on a free simulator, and some that must not."""
    refuse_readiness: bool = True
    """Whether a gateway that fails its self-test says that it is not ready, so that traffic goes to others."""
    waived: tuple[Annotated[str, Field(pattern=r"^[a-z]+/[A-Za-z0-9._-]{1,64}$")], ...] = ()
    """Findings that your own policies cause on purpose, such as `rules/deny-stale`; `gateway policy selftest` names
    them."""
