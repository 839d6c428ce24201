"""Makes the upstreams that are our own: simulators, which no vendor is asked for."""

from gateway.ports.upstream import Upstream, UpstreamContext
from gateway.wiring.house import House


def simulators(house: House, context: UpstreamContext) -> list[Upstream]:
    """Make every simulator that is switched on; none is started."""
    return [
        each.upstream(house.options[name], context)
        for name, each in house.adapters.items()
        if each.upstream is not None and getattr(house.options[name], "enabled", True)
    ]
