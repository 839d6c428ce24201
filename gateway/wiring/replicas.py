"""Makes what a serving process has where it is one of several replicas; alone it has none of it."""

from gateway.enforcement.changes import Changes
from gateway.enforcement.hearing import Hearing
from gateway.enforcement.losses import Losses
from gateway.enforcement.rates import Rates
from gateway.enforcement.repeats import Repeats
from gateway.enforcement.sticky import Cancelled
from gateway.enforcement.wishes import Wishes
from gateway.store.member import Member
from gateway.store.view import JobView
from gateway.wiring.house import House


def losses(house: House, member: Member | None, repeats: Repeats, jobs: JobView) -> Losses | None:
    """Share which answers were lost."""
    return None if member is None else Losses(member=member, database=house.database, repeats=repeats, jobs=jobs)


def hearing(
    house: House, member: Member | None, jobs: JobView, *, wishes: Wishes, cancelled: Cancelled, changes: Changes
) -> Hearing | None:
    """Take in what other replicas did."""
    if member is None:
        return None
    return Hearing(
        member=member,
        database=house.database,
        jobs=jobs,
        wishes=wishes,
        cancelled=cancelled,
        changes=changes,
        clock=house.clock,
    )


def rates(house: House, member: Member | None) -> Rates:
    """Count requests by key, with the others or alone."""
    settings = house.settings.rates
    return Rates(
        keys=settings.keys,
        roles=settings.roles,
        burst_seconds=settings.burst_seconds,
        shared=None if member is None else house.database,
    )


def always() -> None:
    """Let everything be sent: nobody else can have taken it over."""
