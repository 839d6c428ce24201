"""Every backend of every upstream, in the order they should be tried: hardware first, simulators last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.backend import Backend, BackendStatus, Calibration, ExecutionKind
from gateway.domain.errors import NotFoundError
from gateway.ports.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Berth:
    """One backend together with the upstream that runs it."""

    backend: Backend
    upstream: Upstream

    @property
    def status(self) -> BackendStatus:
        """Say whether it takes work now."""
        return self.upstream.status(self.backend.name)

    def calibration(self, before: datetime | None = None) -> Calibration | None:
        """Give its newest snapshot, or the one that was valid at a moment."""
        return self.upstream.calibration(self.backend.name, before=before)


class Fleet:
    """What this deployment can run on. Lists come from the upstreams' memory: no call leaves the process."""

    def __init__(self, upstreams: Iterable[Upstream]) -> None:
        self.upstreams: Mapping[str, Upstream] = {upstream.name: upstream for upstream in upstreams}
        self._told: list[tuple[Backend, ...]] = []
        self._berths: tuple[Berth, ...] = ()
        self._by_name: Mapping[str, Berth] = {}

    def berths(self) -> Sequence[Berth]:
        """List all backends; simulators rank last, so that `least_busy` prefers real qubits."""
        told = [tuple(upstream.backends()) for upstream in self.upstreams.values()]
        if told != self._told:
            self._arrange(told)
        return self._berths

    def find(self, name: str) -> Berth | None:
        """Find a backend by name."""
        self.berths()
        return self._by_name.get(name)

    def _arrange(self, told: list[tuple[Backend, ...]]) -> None:
        pairs = zip(self.upstreams.values(), told, strict=True)
        every = [Berth(backend, upstream) for upstream, backends in pairs for backend in backends]
        every.sort(key=lambda berth: (berth.backend.kind is ExecutionKind.SIMULATOR, berth.backend.qubits))
        self._told, self._berths = told, tuple(every)
        # Of two backends of one name the first in this order counts.
        self._by_name = {berth.backend.name: berth for berth in reversed(every)}

    def get(self, name: str) -> Berth:
        """Find a backend by name.

        Raises:
            NotFoundError: there is none.
        """
        berth = self.find(name)
        if berth is None:
            raise NotFoundError(noun="backend", name=name)
        return berth

    def simulators(self) -> Sequence[Backend]:
        """List the simulators that can stand in for other backends, smallest first: ours, which speak no dialect.

        A vendor's simulator is one of its backends: it is away when the vendor is, and takes only the vendor's words.
        """
        return [berth.backend for berth in self.berths() if berth.upstream.kind is ExecutionKind.SIMULATOR]

    def has_hardware(self) -> bool:
        """Say whether any vendor can be asked."""
        return any(upstream.kind is ExecutionKind.HARDWARE for upstream in self.upstreams.values())

    def at_vendor(self, upstream: str) -> bool:
        """Say whether an upstream is a vendor's, whose simulators are no freer to run a job twice than its hardware."""
        found = self.upstreams.get(upstream)
        return found is None or found.kind is ExecutionKind.HARDWARE
