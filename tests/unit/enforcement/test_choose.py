"""Choosing a place: only the backend may be what stands in the way, and every other place is judged whole."""

import json
from dataclasses import dataclass, field, replace

import pytest

from gateway.budgets.pricing import Pricing
from gateway.budgets.quote import PriceBook
from gateway.circuits.sandbox import UnreadablePayloadError
from gateway.domain.backend import BackendStatus, ExecutionKind
from gateway.domain.clock import SystemClock
from gateway.domain.decision import Decision, Finding, Obligation, PlacementKind, PolicyPlacement, Step
from gateway.domain.principal import Caller
from gateway.domain.remembered import Remembered
from gateway.enforcement.choose import MOST_TRIED, PINNED_TAG, UNWRITABLE, Chooser, why_elsewhere
from gateway.enforcement.obliged import Keeper
from gateway.enforcement.outgoing import NotTranslatableError, Outbound
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


async def test_what_may_go_where_it_asked_to_is_judged_once_and_goes_as_it_came():
    choice, judged = await choose(against={})

    assert judged == [("ibm_one", "requested")]
    assert (choice.kept.written, choice.tried, choice.survey.step) == (None, (), Step.REQUESTED)


async def test_the_same_vendors_other_hardware_comes_first():
    choice, judged = await choose()

    assert judged == [("ibm_one", "requested"), ("ibm_two", "alternative")]
    assert choice.kept.written == b"for ibm_two, by ibm"
    assert [(each.backend, each.rules) for each in choice.tried] == [("ibm_one", ("backend/online",))]
    assert why_elsewhere(choice) == ("ibm_one could not take it (backend/online); policy placed it on ibm_two")


async def test_another_vendor_comes_next():
    choice, judged = await choose(against={**OFFLINE, "ibm_two": ("budget/money", "backend/online")})

    assert judged[-1] == ("qpu.forte-1", "vendor")
    assert choice.kept.written == b"for qpu.forte-1, by ionq"
    assert [each.backend for each in choice.tried] == ["ibm_one", "ibm_two"]


async def test_the_order_is_the_operators():
    choice, judged = await choose(order=(Step.REQUESTED, Step.VENDOR, Step.ALTERNATIVE))

    assert [step for _, step in judged] == ["requested", "vendor"]
    assert choice.survey.asked.backend.name == "qpu.forte-1"


async def test_by_default_nothing_moves_to_other_hardware():
    choice, judged = await choose(order=(Step.REQUESTED, Step.SIMULATOR))

    assert (len(judged), choice.decision.allow) == (1, False)


async def test_what_stands_behind_the_simulator_in_the_order_is_not_tried():
    _, judged = await choose(order=(Step.REQUESTED, Step.SIMULATOR, Step.VENDOR))

    assert len(judged) == 1


async def test_a_backend_that_nobody_lists_is_the_callers_own_vendors():
    """The vendor may be away since the start: its other hardware is an alternative, not another vendor's."""
    choice, judged = await choose(replace(ASKED, backend="ibm_gone"), against={"ibm_gone": ("backend/known",)})

    assert judged[1] == ("ibm_one", "alternative")
    assert choice.tried[0].rules == ("backend/known",)


async def test_a_job_that_a_simulator_would_take_goes_to_other_hardware_first():
    choice, _ = await choose(against={}, diverted=frozenset({"ibm_one"}))

    assert choice.survey.asked.backend.name == "ibm_two"
    assert choice.tried[0].rules == ("backend/diverted",)


async def test_with_no_other_hardware_the_simulator_still_takes_it():
    choice, _ = await choose(
        against={"ibm_two": ("data/residency",), "qpu.forte-1": ("data/residency",)}, diverted=frozenset({"ibm_one"})
    )

    assert choice.decision.placement.kind is PlacementKind.SIMULATOR
    assert [each.rules for each in choice.tried] == [("backend/diverted",), ("data/residency",), ("data/residency",)]


async def test_what_costs_too_much_here_may_be_affordable_there():
    """Prices differ, and a budget may be one vendor's; each other place is judged whole, its own price too."""
    choice, judged = await choose(against={"ibm_one": ("budget/money", "backend/online"), "ibm_two": ("budget/money",)})

    assert [backend for backend, _ in judged] == ["ibm_one", "ibm_two", "qpu.forte-1"]
    assert choice.survey.asked.backend.name == "qpu.forte-1"
    assert choice.tried[0].rules == ("budget/money", "backend/online")


async def test_nothing_moves_to_hardware_that_is_no_more_affordable():
    everywhere = dict.fromkeys((*IBM.offers, *IONQ.offers), ("budget/money",))

    choice, _ = await choose(against=everywhere)

    assert [finding.rule for finding in choice.decision.deny] == ["budget/money"]
    assert choice.kept is None


@pytest.mark.parametrize(
    ("submission", "against"),
    [
        pytest.param(ASKED, {"ibm_one": ("budget/known",)}, id="nobody knows what is left"),
        pytest.param(ASKED, {"ibm_one": ("backend/online", "data/residency")}, id="more than the backend is wrong"),
        pytest.param(replace(ASKED, tags=(PINNED_TAG,)), OFFLINE, id="its owner wants no other"),
        pytest.param(replace(ASKED, options={"dry_run": True}), OFFLINE, id="a dry run"),
        pytest.param(replace(ASKED, program="estimator"), OFFLINE, id="nothing but a sampler can be said elsewhere"),
        pytest.param(
            replace(ASKED, backend="sim_line_5"), {"sim_line_5": ("backend/online",)}, id="a simulator was asked for"
        ),
    ],
)
async def test_some_jobs_never_move(submission, against):
    choice, judged = await choose(submission, against=against)

    assert (len(judged), choice.kept, choice.decision.allow) == (1, None, False)


async def test_what_cannot_be_said_in_a_places_words_goes_to_the_next():
    choice, _ = await choose(speechless=frozenset({"ibm_two"}))

    assert choice.survey.asked.backend.name == "qpu.forte-1"
    assert choice.tried[1].rules == (UNWRITABLE,)


async def test_what_cannot_be_said_anywhere_is_judged_as_it_was_asked():
    """Its refusal says what is wrong with the backend, and consent still puts it on a simulator."""
    everywhere = frozenset({"ibm_two", "qpu.forte-1"})
    refused, _ = await choose(speechless=everywhere)
    simulated, _ = await choose(against={}, diverted=frozenset({"ibm_one"}), speechless=everywhere)

    assert [finding.rule for finding in refused.decision.deny] == ["backend/online"]
    assert simulated.decision.placement.kind is PlacementKind.SIMULATOR


@pytest.mark.parametrize(
    "fleet",
    [
        pytest.param((IBM, replace(IONQ, qubits=1), AER), id="too small"),
        pytest.param((IBM, replace(IONQ, offline=frozenset(IONQ.offers)), AER), id="offline"),
        pytest.param((IBM, replace(IONQ, kind=ExecutionKind.SIMULATOR), AER), id="a simulator"),
        pytest.param((IBM, replace(IONQ, name="acme"), AER), id="nothing writes for it"),
    ],
)
async def test_places_that_could_not_run_it_are_not_even_judged(fleet):
    _, judged = await choose(against={**OFFLINE, "ibm_two": ("backend/online",)}, fleet=fleet)

    assert [backend for backend, _ in judged] == ["ibm_one", "ibm_two"]


async def test_each_job_costs_a_few_decisions_at_most():
    many = replace(IONQ, offers=tuple(f"qpu.{number}" for number in range(20)))
    against = dict.fromkeys((*IBM.offers, *many.offers), ("backend/online",))

    _, judged = await choose(against=against, fleet=(IBM, many, AER))

    assert len(judged) == 1 + MOST_TRIED


async def test_another_vendors_backend_may_be_asked_for_by_name():
    choice, _ = await choose(replace(ASKED, backend="qpu.forte-1"), against={})

    assert choice.kept.written == b"for qpu.forte-1, by ionq"
    assert choice.survey.step is Step.REQUESTED


async def test_another_vendors_backend_asked_for_by_name_is_refused_where_nobody_writes_for_it():
    with pytest.raises(NotTranslatableError):
        await choose(replace(ASKED, backend="qpu.forte-1"), against={}, encoders=frozenset())


async def test_options_that_do_not_go_along_are_named():
    choice, _ = await choose(replace(ASKED, options={"twirling": {"enable_gates": True}, "default_shots": 8}))

    assert choice.survey.not_applied == ("default_shots", "twirling.enable_gates")


def elsewhere(*backends):
    return (Obligation(kind="place-elsewhere", parameters={"backends": list(backends)}),)


async def test_a_job_that_must_run_elsewhere_runs_on_the_first_that_takes_it():
    choice, judged = await choose(
        against={"qpu.forte-1": ("data/residency",)}, obliged={"ibm_one": elsewhere("qpu.forte-1", "ibm_two")}
    )

    assert judged == [("ibm_one", "requested"), ("qpu.forte-1", "vendor"), ("ibm_two", "alternative")]
    assert choice.survey.asked.backend.name == "ibm_two"
    assert [(each.backend, each.rules) for each in choice.tried] == [
        ("ibm_one", ("engine/obligation",)),
        ("qpu.forte-1", ("data/residency",)),
    ]


async def test_a_simulator_of_ours_may_be_where_it_must_run_and_takes_it_as_it_is():
    choice, judged = await choose(against={}, obliged={"ibm_one": elsewhere("sim_line_5")})

    assert judged[-1] == ("sim_line_5", "simulator")
    assert (choice.decision.allow, choice.kept.written) == (True, None)


@pytest.mark.parametrize(
    ("tags", "against"),
    [((), {"ibm_two": ("backend/capacity",)}), ((PINNED_TAG,), {})],
    ids=["it may not go there", "its owner wants no other"],
)
async def test_a_job_that_can_run_nowhere_it_must_is_denied_and_never_goes_where_it_asked(tags, against):
    choice, _ = await choose(replace(ASKED, tags=tags), against=against, obliged={"ibm_one": elsewhere("ibm_two")})

    assert (choice.decision.allow, choice.kept) == (False, None)
    assert [finding.rule for finding in choice.decision.deny] == ["engine/obligation"]
    assert "it must run on ibm_two" in choice.decision.deny[0].message


async def test_a_job_that_asked_for_where_it_must_run_stays():
    choice, judged = await choose(against={}, obliged={"ibm_one": elsewhere("ibm_one", "ibm_two")})

    assert (len(judged), choice.decision.allow, choice.tried) == (1, True, ())


async def test_a_place_that_sends_the_job_on_is_not_where_it_runs():
    """Two places that point at each other are no place."""
    choice, _ = await choose(against={}, obliged={"ibm_one": elsewhere("ibm_two"), "ibm_two": elsewhere("ibm_one")})

    assert choice.decision.allow is False


MOON = (Obligation(kind="pin-region", parameters={"regions": ["the-moon"]}),)


async def test_a_place_that_cannot_keep_what_is_obliged_there_is_passed_over():
    choice, _ = await choose(obliged={"ibm_two": MOON})

    assert choice.survey.asked.backend.name == "qpu.forte-1"
    assert choice.tried[-1].rules == ("engine/obligation",)


async def test_what_cannot_be_kept_where_it_asked_to_go_denies():
    choice, _ = await choose(against={}, obliged={"ibm_one": MOON})

    assert (choice.decision.allow, choice.decision.placement) == (False, None)
    assert "only in the-moon" in choice.unkept


@pytest.mark.parametrize(
    ("against", "obliged", "counted"),
    [
        ({}, {}, {("allow", ""): 1}),
        ({}, {"ibm_one": MOON}, {("deny", "engine/obligation"): 1}),
        (OFFLINE, {}, {("deny", "backend/online"): 1, ("allow", ""): 1}),
        (
            OFFLINE,
            {"ibm_two": MOON},
            {("deny", "backend/online"): 1, ("deny", "engine/obligation"): 1, ("allow", ""): 1},
        ),
        ({}, {"ibm_one": elsewhere("ibm_two")}, {("allow", ""): 2}),
        (
            {"ibm_two": ("backend/capacity",)},
            {"ibm_one": elsewhere("ibm_two")},
            {("deny", "backend/capacity"): 1, ("deny", "engine/obligation"): 1},
        ),
    ],
    ids=["goes", "cannot be kept", "moved", "kept nowhere but there", "sent elsewhere", "has no place"],
)
async def test_each_decision_counts_once_and_as_what_came_of_it(against, obliged, counted):
    metrics = Metrics()

    await choose(against=against, obliged=obliged, metrics=metrics)

    found = {
        (sample.labels["outcome"], sample.labels["rule"]): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "gateway_decisions_total"
    }
    assert found == counted
