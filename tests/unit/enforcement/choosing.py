"""A chooser with toys around it: vendors, rules and a sandbox, each of which does what a test says."""

import json
from dataclasses import dataclass, field, replace

from gateway.budgets.pricing import Pricing
from gateway.budgets.quote import PriceBook
from gateway.circuits.sandbox import UnreadablePayloadError
from gateway.domain.backend import BackendStatus, ExecutionKind
from gateway.domain.clock import SystemClock
from gateway.domain.decision import Decision, Finding, Obligation, PlacementKind, PolicyPlacement, Step
from gateway.domain.principal import Caller
from gateway.domain.remembered import Remembered
from gateway.enforcement.choose import Chooser
from gateway.enforcement.obliged import Keeper
from gateway.enforcement.outgoing import Outbound
from gateway.enforcement.survey import Surveyor
from gateway.policy.bundle import default_root
from gateway.routing.fleet import Fleet
from gateway.store.view import JobView
from gateway.telemetry.metrics import Metrics
from tests.fakes import values
from tests.fault.small_house import ToySandbox, ToyUpstream
from tests.policy.cast import KEY, PRINCIPAL, PROJECT, SUBMISSION

ALICE = Caller(principal=PRINCIPAL, project=PROJECT, key=KEY)
EVERYWHERE = (Step.REQUESTED, Step.ALTERNATIVE, Step.VENDOR, Step.SIMULATOR)
ASKED = replace(SUBMISSION, backend="ibm_one")


@dataclass
class Place(ToyUpstream):
    """An upstream with several backends of one kind."""

    kind: ExecutionKind = ExecutionKind.HARDWARE
    offers: tuple[str, ...] = ()
    qubits: int = 5
    offline: frozenset[str] = frozenset()

    def backends(self):
        made = replace(values.BACKEND, kind=self.kind, upstream=self.name, vendor=self.name, qubits=self.qubits)
        return tuple(replace(made, name=name) for name in self.offers)

    def status(self, backend):
        return BackendStatus(online=backend not in self.offline, queue_length=0, message="")


@dataclass
class Rules:
    """Denies backends by name; asks nothing else."""

    against: dict[str, tuple[str, ...]] = field(default_factory=dict)
    diverted: frozenset[str] = frozenset()
    obliged: dict[str, tuple[Obligation, ...]] = field(default_factory=dict)
    judged: list[tuple[str, str]] = field(default_factory=list)

    async def decide(self, facts, *, decision_id):
        backend = json.loads(facts)["backend"]
        asked = backend["name"] or backend["asked"]
        self.judged.append((asked, backend["step"]))
        deny = tuple(Finding(rule=rule, message="no", remedy="") for rule in self.against.get(asked, ()))
        kind = PlacementKind.SIMULATOR if asked in self.diverted else PlacementKind.REQUESTED
        return Decision(
            id=decision_id,
            allow=not deny,
            deny=deny,
            warn=(),
            placement=None if deny else PolicyPlacement(kind=kind, reason="diverted"),
            obligations=self.obliged.get(asked, ()),
            engine="toy",
            policy_revision="ab" * 32,
            data_revision="cd" * 32,
            facts_digest="ef" * 32,
            facts=facts,
            milliseconds=0.1,
        )


class Unlimited:
    """Books without a limit."""

    async def known(self, _):
        return ()


class Forgetful:
    """Remembers no circuit."""

    async def recall(self, *_):
        return Remembered()

    def learn(self, *_):
        return ()


@dataclass
class Pen(ToySandbox):
    """A sandbox in which some languages cannot say a program."""

    speechless: frozenset[str] = frozenset()

    async def translate(self, **wanted):
        if wanted["backend"].name in self.speechless:
            raise UnreadablePayloadError(problem="gate", message="no such gate")
        return f"for {wanted['backend'].name}, by {wanted['encoder']}".encode()


IBM = Place(name="ibm", dialect="ibm", offers=("ibm_one", "ibm_two"))
IONQ = Place(name="ionq", dialect="ionq", offers=("qpu.forte-1",))
AER = Place(name="aer", kind=ExecutionKind.SIMULATOR, offers=("sim_line_5",))
OFFLINE = {"ibm_one": ("backend/online",)}


async def choose(submission=ASKED, *, against=OFFLINE, order=EVERYWHERE, fleet=(IBM, IONQ, AER), **given):
    """Give the choice, and what was judged for it."""
    encoders = given.pop("encoders", frozenset({"ibm", "ionq"}))
    metrics = given.pop("metrics", None) or Metrics()
    rules = Rules(against, given.pop("diverted", frozenset()), given.pop("obliged", {}))
    pen = Pen(**given)
    ships = Fleet(fleet)
    outbound = Outbound(fleet=ships, vault=None, sandbox=pen, encoders=encoders)
    chooser = Chooser(
        surveyor=Surveyor(
            sandbox=pen,
            fleet=ships,
            prices=Pricing(book=PriceBook.load(default_root() / "data" / "prices.json")),
            books=Unlimited(),
            jobs=JobView(None),
            clock=SystemClock(),
            memory=Forgetful(),
        ),
        decision_point=rules,
        fleet=ships,
        outbound=outbound,
        keeper=Keeper(sandbox=pen, fleet=ships, outbound=outbound, clock=SystemClock()),
        order=lambda: order,
        ids=lambda: "decision",
        metrics=metrics,
    )
    return await chooser.choose(ALICE, submission, lambda _: None), rules.judged
