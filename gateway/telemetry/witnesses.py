"""Metrics of the ledger's checkpoints: how far they are signed, and how far witnesses have seen them."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge


class WitnessMetrics:
    """What the workers that sign and collect count."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._signed = Gauge(
            "gateway_ledger_signed_size", "Entries covered by the newest signed checkpoint.", registry=registry
        )
        self._cosigned = Gauge(
            "gateway_ledger_cosigned_size",
            "Entries covered by the newest checkpoint that enough witnesses cosigned.",
            registry=registry,
        )
        self._cosigned_at = Gauge(
            "gateway_ledger_cosigned_timestamp_seconds",
            "When enough witnesses saw the ledger whole, by their clocks; alert on its age.",
            registry=registry,
        )
        self._refused = Gauge(
            "gateway_ledger_checkpoint_refused",
            "1 while nothing is signed because it would fork.",
            registry=registry,
        )
        self._asked = Counter(
            "gateway_witness_requests",
            "Checkpoints taken to a witness, by what came of it.",
            ("witness", "outcome"),
            registry=registry,
        )

    def signed(self, size: int) -> None:
        """Show how far checkpoints are signed."""
        self._signed.set(size)

    def cosigned(self, size: int, at: datetime) -> None:
        """Show how far enough witnesses are, and when they said so."""
        self._cosigned.set(size)
        self._cosigned_at.set(at.timestamp())

    def refused(self) -> None:
        """Show that nothing is signed any more."""
        self._refused.set(1)

    def asked(self, witness: str, outcome: str) -> None:
        """Count one question to a witness: `cosigned` or `failed`."""
        self._asked.labels(witness, outcome).inc()
