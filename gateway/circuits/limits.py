"""What a payload may cost, and what may wait. Sizes in bytes, times in seconds."""

from dataclasses import dataclass

from gateway.ports.reader import ReadLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLimits:
    """Bounds of the worker pool and of one payload in it."""

    workers: int = 2
    """Payloads read at once; one of them is never taken by a project that already has another."""
    cpu_seconds: float = 2.0
    """Of one payload."""
    wall_seconds: float = 3.0
    """Until the verdict on one payload whose turn it is, ending its worker included."""
    address_space_bytes: int = 512 * 2**20
    """On top of what a warm worker has mapped."""
    payloads_per_worker: int = 1000
    decompressed_bytes: int = 32 * 2**20
    """What one submission may unpack to."""
    circuits: int = 1000
    bindings: int = 100_000
    """Parameter sets of one submission in all."""
    remembered: int = 256
    """Payloads measured lately whose facts are kept; 0 reads every payload."""
    waiting: int = 1024
    waiting_per_principal: int = 128
    waiting_seconds: float = 10.0

    @property
    def reading(self) -> ReadLimits:
        """The part that readers keep."""
        return ReadLimits(decompressed_bytes=self.decompressed_bytes, circuits=self.circuits, bindings=self.bindings)
