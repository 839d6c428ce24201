"""The house: all rooms, open, as the command line and the serving process hold them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from gateway.audit.collect import Witnesses
from gateway.audit.ledger import Ledger
from gateway.audit.publish import Checkpoints
from gateway.budgets.quote import PriceBook
from gateway.casework.administration import Administration
from gateway.casework.approvals import Approvals
from gateway.casework.archive import Archive
from gateway.casework.courier import Courier
from gateway.casework.evidence import Evidence
from gateway.casework.forwarding import Forwarding
from gateway.casework.inspection import Inspection
from gateway.casework.keeping import Keeping
from gateway.casework.labels import CircuitLabels
from gateway.casework.lineage import Lineage
from gateway.casework.provenance import Provenances
from gateway.casework.proving import Proving
from gateway.casework.quorum import Quorum
from gateway.casework.reload_requests import Listening
from gateway.casework.replays import Replays
from gateway.casework.revisions import Revisions
from gateway.casework.search import Search as LedgerSearch
from gateway.casework.selftest.rounds import Rounds
from gateway.casework.shadowing import Shadowing
from gateway.casework.sign_ins import SignIns
from gateway.casework.story import Stories
from gateway.casework.watch import Watch
from gateway.circuits.sandbox import Sandbox
from gateway.domain.clock import Clock
from gateway.domain.remembered import Recognition
from gateway.enforcement.approved import Approved
from gateway.enforcement.changes import Changes
from gateway.enforcement.entries import Entries
from gateway.enforcement.follow import Follower
from gateway.enforcement.gate import Gate
from gateway.enforcement.halts import Halts
from gateway.enforcement.hearing import Hearing
from gateway.enforcement.leniency import Lenient
from gateway.enforcement.losses import Losses
from gateway.enforcement.outside import HouseOutside
from gateway.enforcement.recover import Recovery
from gateway.enforcement.refusals import Refusals
from gateway.enforcement.repeats import Repeats
from gateway.enforcement.search import Search
from gateway.enforcement.sticky import Cancelled
from gateway.enforcement.wishes import Wishes
from gateway.identity.authenticate import Authenticator
from gateway.identity.instances import Instances
from gateway.identity.provider import Provider
from gateway.policy.bundle import Bundle
from gateway.policy.live import Current, LiveDecisionPoint
from gateway.policy.published import Shelf
from gateway.ports import registry
from gateway.ports.dialect import Dialect
from gateway.routing.fleet import Fleet
from gateway.settings import Settings
from gateway.store.commit import Writer
from gateway.store.elsewhere import Elsewhere
from gateway.store.engine import Database
from gateway.store.limits import LimitView
from gateway.store.member import Member
from gateway.store.view import AccountView, IdentityView, JobView
from gateway.telemetry.metrics import Metrics
from gateway.vault.vault import Vault
from gateway.vendors.http import VendorSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What only a serving process has."""

    gate: Gate
    refusals: Refusals
    recovery: Recovery
    search: Search
    halts: Halts
    lenient: Lenient
    shadowing: Shadowing
    """Decides beside, where a candidate is in shadow."""
    wishes: Wishes
    repeats: Repeats
    cancelled: Cancelled
    outside: HouseOutside
    vendor_sessions: Mapping[str, VendorSession]
    changes: Changes
    approved: Approved
    elsewhere: Elsewhere
    follower: Follower
    sandbox: Sandbox
    decision_point: LiveDecisionPoint
    fleet: Fleet
    jobs: JobView
    limits: LimitView
    writer: Writer
    entries: Entries
    ledger: Ledger
    member: Member | None = None
    """This process among several replicas, on PostgreSQL."""
    hearing: Hearing | None = None
    losses: Losses | None = None
    watch: Watch | None = None
    courier: Courier | None = None
    sign_ins: SignIns | None = None
    provider: Provider | None = None
    """Who vouches for people at the console, if anybody does."""
    witnesses: Witnesses | None = None
    archive: Archive | None = None
    forwarding: Forwarding | None = None
    listening: Listening | None = None
    """Takes new policies in."""
    replays: Replays | None = None
    """Decides the past again for people at the console."""
    selftest: Rounds | None = None
    """Tests this process while it serves."""
    unready_when_failing: bool = True
    """Whether a self-test that fails keeps submissions away."""

    @property
    def leads(self) -> bool:
        """Say whether what must be done once in the deployment is done by this process; alone it always is."""
        return self.member is None or self.member.leads

    @property
    def fenced(self) -> asyncio.Event:
        """Give what is set when others took this process for dead and its work over; alone it never is."""
        return asyncio.Event() if self.member is None else self.member.fenced

    async def hear_itself(self) -> None:
        """Take in what this process itself has just written for an administrator."""
        await self.limits.refresh()
        await self.lenient.refresh()

    async def note(self, event: str) -> None:
        """Record that this process began or stopped to serve.

        Raises:
            UnavailableError: the ledger takes no entry.
        """
        body = {"version": version("quantum-governance-gateway")}
        await self.ledger.record(self.entries.draft(event, None, body))

    def missing(self) -> list[str]:
        """Say what keeps a submission from being served now; empty is ready."""
        reasons = {
            "sandbox": self.sandbox.ready(),
            "policy": self.decision_point.ready(),
            "ledger": self.writer.ready(),
            "checkpoints": self.witnesses.standing.refused if self.witnesses else None,
            "outcomes": f"{len(self.follower.unrecorded)} not recorded" if self.follower.unrecorded else None,
            "backends": None if self.fleet.berths() else "no upstream offers any",
            "self-test": self.selftest.standing.problem if self.selftest and self.unready_when_failing else None,
        }
        return [f"{part}: {reason}" for part, reason in reasons.items() if reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """All rooms, open. `serving` is there in a serving process only."""

    settings: Settings
    clock: Clock
    database: Database
    writer: Writer
    ledger: Ledger
    checkpoints: Checkpoints
    vault: Vault
    identity: IdentityView
    accounts: AccountView
    authenticator: Authenticator
    administration: Administration
    inspection: Inspection
    search: LedgerSearch
    proving: Proving
    stories: Stories
    approvals: Approvals
    quorum: Quorum
    """Whether witnesses have seen what is about to happen."""
    keeping: Keeping
    evidence: Evidence
    provenances: Provenances
    lineage: Lineage
    instances: Instances
    recognition: Recognition
    """How circuits are known again."""
    circuit_labels: CircuitLabels
    adapters: Mapping[str, registry.Adapter]
    options: Mapping[str, Any]
    """Each adapter's own settings, checked by its own model."""
    dialects: Mapping[str, Dialect]
    shelf: Shelf
    """Rules and tables as they are published, for OPA servers to pull."""
    policies: Current
    """Those that are in force; a running gateway takes new ones in."""
    revisions: Revisions
    prices: PriceBook
    metrics: Metrics
    rooms: Serving | None = None

    @property
    def bundle(self) -> Bundle:
        """Give what is decided by."""
        return self.policies.bundle

    @property
    def serving(self) -> Serving:
        """Give what only a serving process has."""
        assert self.rooms is not None, "this house was opened for the command line"
        return self.rooms
