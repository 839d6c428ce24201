"""Fits the parts of enforcement together over an open house. Each part gets only what it uses, and is made once."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial

from gateway.budgets.pricing import Pricing
from gateway.casework.shadowing import Shadowing
from gateway.circuits.sandbox import Sandbox, SandboxLimits
from gateway.domain.decision import Step
from gateway.domain.witnessing import Witnessing
from gateway.enforcement.access import Access
from gateway.enforcement.backends import Backends
from gateway.enforcement.changes import Changes
from gateway.enforcement.choose import Chooser
from gateway.enforcement.entries import Entries
from gateway.enforcement.follow import Follower
from gateway.enforcement.gate import Gate
from gateway.enforcement.halts import Halts
from gateway.enforcement.hearing import Hearing
from gateway.enforcement.jobs import Jobs
from gateway.enforcement.launch import Launcher
from gateway.enforcement.leniency import Lenient, tell_of_glass
from gateway.enforcement.losses import Losses
from gateway.enforcement.memory import LabelMemory
from gateway.enforcement.obliged import Keeper
from gateway.enforcement.outgoing import Outbound
from gateway.enforcement.outside import HouseOutside
from gateway.enforcement.refusals import Refusals
from gateway.enforcement.repeats import Repeats
from gateway.enforcement.screening import Screening
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.standings import Standings
from gateway.enforcement.sticky import Cancelled
from gateway.enforcement.survey import Surveyor
from gateway.enforcement.turns import Turns
from gateway.enforcement.void import Void
from gateway.enforcement.wishes import Wishes
from gateway.policy.live import LiveDecisionPoint
from gateway.ports.upstream import UpstreamContext
from gateway.routing.fleet import Fleet
from gateway.store.elsewhere import Elsewhere
from gateway.store.limits import LimitView
from gateway.store.member import Member
from gateway.store.view import JobView
from gateway.vendors.http import VendorSession
from gateway.vendors.settings import VendorSettings
from gateway.wiring import replicas
from gateway.wiring.house import House, Serving
from gateway.wiring.policies import decision_point
from gateway.wiring.simulators import simulators
from gateway.wiring.submissions import Shared, Submissions
from gateway.wiring.vendors import house_outside, vendor_sessions, vendor_settings, vendor_upstream


class Fitter:
    """Makes each part when the first other one asks for it; nothing is started here."""

    def __init__(
        self, house: House, member: Member | None = None, witnessed: Callable[[], Witnessing | None] = lambda: None
    ) -> None:
        self._house, self._member, self._witnessed = house, member, witnessed
        shared = member is not None
        self._turns, self._repeats = Turns(), Repeats(shared=shared)
        self._void = Void(clock=house.clock)
        self._jobs = JobView(house.database, shared=shared)
        self._limits = LimitView(house.database)
        self._cancelled = Cancelled()
        self._halts = Halts(database=house.database, jobs=self._jobs)
        self._lenient = Lenient(database=house.database, clock=house.clock)
        self._wishes = Wishes(database=house.database, ledger=house.ledger, jobs=self._jobs, clock=house.clock)
        self._access = Access(house.policies.roles)
        self._entries = Entries(clock=house.clock, subject=house.vault.subject)

    def serving(self) -> Serving:
        """Give all that only a serving process has."""
        house = self._house
        return Serving(
            gate=self._gate,
            refusals=Refusals(
                ledger=house.ledger, entries=self._entries, per_minute=house.settings.ledger.refusals_per_minute
            ),
            recovery=self._submissions.recovery,
            search=self._submissions.search,
            halts=self._halts,
            lenient=self._lenient,
            shadowing=self._shadowing,
            wishes=self._wishes,
            repeats=self._repeats,
            cancelled=self._cancelled,
            outside=self._outside,
            vendor_sessions=self._sessions_out,
            changes=self._changes,
            approved=self._submissions.approved,
            elsewhere=self._elsewhere,
            follower=self._follower,
            sandbox=self._sandbox,
            decision_point=self._decision_point,
            fleet=self._fleet,
            jobs=self._jobs,
            limits=self._limits,
            writer=house.writer,
            entries=self._entries,
            ledger=house.ledger,
            member=self._member,
            hearing=self._hearing,
            losses=self._losses,
        )

    @cached_property
    def _readers(self) -> Mapping[str, str]:
        return {name: each.reader for name, each in self._house.adapters.items() if each.reader is not None}

    @cached_property
    def _elsewhere(self) -> Elsewhere:
        house = self._house
        return Elsewhere(
            house.database,
            (
                *(house.identity.refresh, house.accounts.refresh, self._halts.refresh),
                *(self._lenient.refresh, self._limits.refresh, self._memory.refresh),
            ),
        )

    @cached_property
    def _sandbox(self) -> Sandbox:
        return Sandbox(
            self._readers,
            SandboxLimits(**self._house.settings.sandbox.model_dump()),
            encoders=self._encoders,
            editors={name: each.editor for name, each in self._house.adapters.items() if each.editor is not None},
            measured=lambda outcome, _seconds: self._house.metrics.payload(outcome),
        )

    @cached_property
    def _decision_point(self) -> LiveDecisionPoint:
        house = self._house
        return LiveDecisionPoint(decision_point(house.settings.policy, house.bundle, house.metrics))

    @cached_property
    def _follower(self) -> Follower:
        house = self._house
        return Follower(
            database=house.database,
            dialects=house.dialects,
            vault=house.vault,
            ledger=house.ledger,
            entries=self._entries,
            jobs=self._jobs,
            turns=self._turns,
            repeats=self._repeats,
            prices=self._pricing,
            clock=house.clock,
            shared=self._member is not None,
            spoken={name: name for name in self._vendors},
            screening=Screening(
                sandbox=self._sandbox, rules=lambda: house.bundle.leak_rules, metrics=house.metrics.leaks
            ),
        )

    @cached_property
    def _outbound(self) -> Outbound:
        return Outbound(
            fleet=self._fleet, vault=self._house.vault, sandbox=self._sandbox, encoders=frozenset(self._encoders)
        )

    @cached_property
    def _keeper(self) -> Keeper:
        return Keeper(sandbox=self._sandbox, fleet=self._fleet, outbound=self._outbound, clock=self._house.clock)

    @cached_property
    def _fleet(self) -> Fleet:
        house = self._house
        context = UpstreamContext(
            clock=house.clock,
            progress=self._follower.progress,
            state_dir=house.settings.state_dir,
            readers=self._readers,
            outside=self._outside,
            may_send=replicas.always if self._member is None else self._member.lease.check,
            leads=self._leads,
        )
        vendors = (
            vendor_upstream(
                house.adapters[name],
                house.options[name],
                context,
                chosen,
                metrics=house.metrics,
                database=house.database,
            )
            for name, chosen in self._vendors.items()
        )
        return Fleet([*simulators(house, context), *vendors])

    @cached_property
    def _vendors(self) -> Mapping[str, VendorSettings]:
        return vendor_settings(self._house.settings, self._house.adapters)

    @cached_property
    def _sessions_out(self) -> Mapping[str, VendorSession]:
        return vendor_sessions(self._vendors)

    @cached_property
    def _outside(self) -> HouseOutside:
        return house_outside(self._house, self._entries, self._sessions_out, leads=self._leads)

    def _leads(self) -> bool:
        return self._member is None or self._member.leads

    @cached_property
    def _losses(self) -> Losses | None:
        return replicas.losses(self._house, self._member, self._repeats, self._jobs)

    @cached_property
    def _hearing(self) -> Hearing | None:
        return replicas.hearing(
            self._house,
            self._member,
            self._jobs,
            wishes=self._wishes,
            cancelled=self._cancelled,
            changes=self._changes,
        )

    @cached_property
    def _launcher(self) -> Launcher:
        house = self._house
        return Launcher(
            database=house.database,
            fleet=self._fleet,
            ledger=house.ledger,
            entries=self._entries,
            jobs=self._jobs,
            clock=house.clock,
            metrics=house.metrics,
        )

    @cached_property
    def _sessions(self) -> Sessions:
        house = self._house
        return Sessions(
            database=house.database,
            ledger=house.ledger,
            entries=self._entries,
            access=self._access,
            fleet=self._fleet,
            books=self._books,
            clock=house.clock,
        )

    @cached_property
    def _reading(self) -> Jobs:
        house = self._house
        return Jobs(
            database=house.database,
            recent=self._jobs,
            access=self._access,
            fleet=self._fleet,
            vault=house.vault,
            ledger=house.ledger,
            entries=self._entries,
            repeats=self._repeats,
        )

    @cached_property
    def _submissions(self) -> Submissions:
        shared = Shared(
            surveyor=self._surveyor,
            chooser=self._chooser,
            fleet=self._fleet,
            sessions=self._sessions,
            entries=self._entries,
            jobs=self._jobs,
            launcher=self._launcher,
            void=self._void,
            turns=self._turns,
            repeats=self._repeats,
            halts=self._halts,
            cancelled=self._cancelled,
            outbound=self._outbound,
            losses=self._losses,
            wishes=self._wishes,
            member=self._member,
        )
        return Submissions(self._house, shared)

    @cached_property
    def _pricing(self) -> Pricing:
        return Pricing(book=self._house.prices, accounts=self._house.accounts)

    @cached_property
    def _surveyor(self) -> Surveyor:
        house = self._house
        return Surveyor(
            sandbox=self._sandbox,
            fleet=self._fleet,
            prices=self._pricing,
            books=self._books,
            jobs=self._jobs,
            clock=house.clock,
            memory=self._memory,
            witnessed=self._witnessed,
            lenient=self._lenient.towards,
            leak_rules=lambda: house.bundle.leak_rules,
        )

    @cached_property
    def _memory(self) -> LabelMemory:
        house = self._house
        return LabelMemory(house.database, house.recognition, house.clock, shared=self._member is not None)

    @cached_property
    def _books(self) -> Standings:
        house = self._house
        return Standings(database=house.database, limits=self._limits, fleet=self._fleet, clock=house.clock)

    @cached_property
    def _chooser(self) -> Chooser:
        return Chooser(
            surveyor=self._surveyor,
            decision_point=self._decision_point,
            fleet=self._fleet,
            outbound=self._outbound,
            keeper=self._keeper,
            order=self._order,
            ids=self._entries.id,
            metrics=self._house.metrics,
            watchers=(partial(tell_of_glass, self._house.metrics), self._shadowing.heed),
        )

    @cached_property
    def _shadowing(self) -> Shadowing:
        house = self._house
        return Shadowing(database=house.database, revisions=house.revisions, metrics=house.metrics)

    def _order(self) -> tuple[Step, ...]:
        return tuple(Step(step) for step in self._house.bundle.placement_order)

    @cached_property
    def _encoders(self) -> Mapping[str, str]:
        """Give what can write programs for other hardware, where policy ever places a job there."""
        if not {Step.ALTERNATIVE, Step.VENDOR} & set(self._order()):
            return {}
        return {name: each.encoder for name, each in self._house.adapters.items() if each.encoder is not None}

    @cached_property
    def _changes(self) -> Changes:
        house = self._house
        return Changes(
            find=self._reading,
            access=self._access,
            jobs=self._jobs,
            fleet=self._fleet,
            follower=self._follower,
            ledger=house.ledger,
            entries=self._entries,
            turns=self._turns,
            cancelled=self._cancelled,
            wishes=self._wishes,
            waiting=self._submissions.waiting,
            clock=house.clock,
        )

    @cached_property
    def _gate(self) -> Gate:
        house = self._house
        return Gate(
            authenticator=house.authenticator,
            elsewhere=self._elsewhere,
            backends=Backends(
                fleet=self._fleet,
                instances=house.instances,
                database=house.database,
                prices=self._pricing,
                clock=house.clock,
                books=self._books,
            ),
            submitter=self._submissions.submitter,
            jobs=self._reading,
            changes=self._changes,
            sessions=self._sessions,
            access=self._access,
            ledger=house.ledger,
            entries=self._entries,
            repeats=self._repeats,
            rates=replicas.rates(house, self._member),
            clock=house.clock,
        )
