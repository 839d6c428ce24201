"""What people do with enforcement levels: overrides, break-glass, rollouts and shadows, made over an open house."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from gateway.casework.entries import AdminEntries
from gateway.casework.glasses import Glasses
from gateway.casework.overrides import Overrides
from gateway.casework.quorum import Action
from gateway.casework.rollouts import Rollouts
from gateway.casework.shadows import Shadows
from gateway.wiring.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Latitude:
    """All of it."""

    overrides: Overrides
    glasses: Glasses
    rollouts: Rollouts
    shadows: Shadows


def latitude(house: House) -> Latitude:
    """Make it; for the command line, the admin interface and the clocks alike."""
    entries = AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock)
    settings = house.settings.policy
    return Latitude(
        overrides=Overrides(
            database=house.database,
            entries=entries,
            clock=house.clock,
            projects=house.administration.projects,
            principals=house.administration.principals,
            policies=house.policies,
            longest=timedelta(days=settings.override_days),
        ),
        glasses=Glasses(
            database=house.database,
            entries=entries,
            clock=house.clock,
            policies=house.policies,
            longest=timedelta(hours=settings.break_glass_hours),
            witnessed=partial(house.quorum.take, Action.BREAK_GLASS),
        ),
        rollouts=Rollouts(
            database=house.database,
            entries=entries,
            clock=house.clock,
            policies=house.policies,
            metrics=house.metrics,
        ),
        shadows=Shadows(
            database=house.database,
            entries=entries,
            clock=house.clock,
            revisions=house.revisions,
            prices=house.prices,
        ),
    )
