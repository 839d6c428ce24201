"""Fits the steps of a submission together: who judges, who lets wait, who permits, who sends."""

from dataclasses import dataclass
from functools import cached_property, partial

from gateway.casework.letters import ask_for_approval
from gateway.enforcement.approved import Approved
from gateway.enforcement.choose import Chooser
from gateway.enforcement.dispatch import Dispatcher
from gateway.enforcement.entries import Entries
from gateway.enforcement.halts import Halts
from gateway.enforcement.judge import Judge
from gateway.enforcement.launch import Launcher
from gateway.enforcement.losses import Losses
from gateway.enforcement.outgoing import Outbound
from gateway.enforcement.pauses import Pauses
from gateway.enforcement.permits import Permits
from gateway.enforcement.recover import Recovery
from gateway.enforcement.repeats import Repeats
from gateway.enforcement.search import Search
from gateway.enforcement.sessions import Sessions
from gateway.enforcement.sticky import Cancelled
from gateway.enforcement.submit import Submitter
from gateway.enforcement.survey import Surveyor
from gateway.enforcement.turns import Turns
from gateway.enforcement.void import Void
from gateway.enforcement.waiting import Waiting
from gateway.enforcement.wishes import Wishes
from gateway.routing.fleet import Fleet
from gateway.store.member import Member
from gateway.store.view import JobView
from gateway.wiring.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Parts that submissions share with everything else."""

    surveyor: Surveyor
    chooser: Chooser
    fleet: Fleet
    sessions: Sessions
    entries: Entries
    jobs: JobView
    launcher: Launcher
    void: Void
    turns: Turns
    repeats: Repeats
    halts: Halts
    cancelled: Cancelled
    outbound: Outbound
    losses: Losses | None
    wishes: Wishes
    member: Member | None


class Submissions:
    """Makes each step when the first other one asks for it."""

    def __init__(self, house: House, shared: Shared) -> None:
        self._house, self._shared = house, shared

    @cached_property
    def submitter(self) -> Submitter:
        """What carries submissions out."""
        house, shared = self._house, self._shared
        return Submitter(
            clock=house.clock,
            dialects=house.dialects,
            judge=self._judge,
            waiting=self.waiting,
            dispatcher=self._dispatcher,
            fleet=shared.fleet,
            sessions=shared.sessions,
            entries=shared.entries,
            jobs=shared.jobs,
            void=shared.void,
            repeats=shared.repeats,
            halts=shared.halts,
            cancelled=shared.cancelled,
            database=house.database,
            metrics=house.metrics,
            losses=shared.losses,
        )

    @cached_property
    def waiting(self) -> Waiting:
        """What lets jobs wait for a second person."""
        house, settings = self._house, self._house.settings
        return Waiting(
            clock=house.clock,
            database=house.database,
            vault=house.vault,
            ledger=house.ledger,
            entries=self._shared.entries,
            jobs=self._shared.jobs,
            letters=partial(ask_for_approval, tuple(settings.webhooks), settings.ledger.origin),
        )

    @cached_property
    def approved(self) -> Approved:
        """What looks after jobs that wait."""
        house, shared = self._house, self._shared
        return Approved(
            clock=house.clock,
            database=house.database,
            jobs=shared.jobs,
            authenticator=house.authenticator,
            sessions=shared.sessions,
            halts=shared.halts,
            wishes=shared.wishes,
            waiting=self.waiting,
            judge=self._judge,
            dispatcher=self._dispatcher,
            metrics=house.metrics,
            pauses=Pauses(clock=house.clock),
        )

    @cached_property
    def search(self) -> Search:
        """What looks for submissions whose answers were lost."""
        house, shared = self._house, self._shared
        return Search(
            database=house.database,
            ledger=house.ledger,
            fleet=shared.fleet,
            jobs=shared.jobs,
            outbound=shared.outbound,
            launcher=shared.launcher,
            entries=shared.entries,
            turns=shared.turns,
            wishes=shared.wishes,
            clock=house.clock,
            pauses=Pauses(clock=house.clock),
        )

    @cached_property
    def recovery(self) -> Recovery:
        """What takes up what a crash left."""
        house, shared = self._house, self._shared
        return Recovery(
            database=house.database,
            ledger=house.ledger,
            fleet=shared.fleet,
            jobs=shared.jobs,
            outbound=shared.outbound,
            launcher=shared.launcher,
            void=shared.void,
            turns=shared.turns,
            wishes=shared.wishes,
            clock=house.clock,
            pauses=Pauses(clock=house.clock),
            member=shared.member,
        )

    @cached_property
    def _judge(self) -> Judge:
        house, shared = self._house, self._shared
        return Judge(
            surveyor=shared.surveyor,
            chooser=shared.chooser,
            fleet=shared.fleet,
            halts=shared.halts,
            vault=house.vault,
            ledger=house.ledger,
            entries=shared.entries,
        )

    @cached_property
    def _dispatcher(self) -> Dispatcher:
        house, shared = self._house, self._shared
        permits = Permits(
            clock=house.clock,
            vault=house.vault,
            ledger=house.ledger,
            entries=shared.entries,
            jobs=shared.jobs,
            void=shared.void,
        )
        return Dispatcher(
            jobs=shared.jobs,
            turns=shared.turns,
            permits=permits,
            outbound=shared.outbound,
            launcher=shared.launcher,
        )
