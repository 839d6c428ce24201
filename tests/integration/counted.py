"""The gateway's own counts of connections, as Prometheus would read them."""

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from tests.running import Gateway, eventually

_REPORTED_SECONDS = 1.5
"""Longer than from one report of the listener to the next."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What the metrics page says of connections, and of requests that reached the gateway."""

    taken: int
    served: int
    failed: int
    open: int
    requests: int

    @classmethod
    def by(cls, gateway: Gateway) -> "Counted":
        """Read the page."""
        page = text_string_to_metric_families(gateway.metrics())
        found: dict[str, int] = {}
        for sample in (sample for family in page for sample in family.samples):
            found[sample.name] = found.get(sample.name, 0) + int(sample.value)
        return cls(
            taken=found["gateway_connections_total"],
            served=found["gateway_connections_served_total"],
            failed=found["gateway_connections_failed_total"],
            open=found["gateway_connections_open"],
            requests=found.get("gateway_requests_total", 0),
        )

    def since(self, before: "Counted") -> "Counted":
        """Give the difference; `open` stays what it is now."""
        return Counted(
            taken=self.taken - before.taken,
            served=self.served - before.served,
            failed=self.failed - before.failed,
            open=self.open,
            requests=self.requests - before.requests,
        )


def settled(gateway: Gateway) -> Counted:
    """Read the page once a whole report of the listener has changed nothing, and no connection is open any more."""
    before: list[Counted] = []

    def quiet() -> Counted | None:
        before.append(Counted.by(gateway))
        return before[-1] if before[-2:] == [before[-1]] * 2 and not before[-1].open else None

    return eventually(quiet, pause=_REPORTED_SECONDS)


def reported(gateway: Gateway, before: Counted, *, connections: int) -> Counted:
    """Wait until so many more connections are reported and none is open any more, and give the difference."""

    def complete() -> Counted | None:
        now = Counted.by(gateway).since(before)
        return now if now.taken + now.failed >= connections and not now.open else None

    return eventually(complete)
