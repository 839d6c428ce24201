"""Fits the self-test of a serving process together."""

from functools import partial

from gateway.casework.entries import AdminEntries
from gateway.casework.selftest.actors import Actors
from gateway.casework.selftest.rounds import Rounds
from gateway.domain.synthetic import is_synthetic
from gateway.policy.baseline import baseline
from gateway.policy.levels import Levels
from gateway.ports.trial import Trial
from gateway.wiring.house import House, Serving


def rounds(house: House, serving: Serving) -> Rounds:
    """Make it; nothing is asked and nobody is made before the first round."""
    settings, administration = house.settings, house.administration
    return Rounds(
        point=serving.decision_point,
        baseline=baseline(),
        own_rules=settings.policy.directory is not None or settings.policy.bundle is not None,
        waived=settings.selftest.waived,
        actors=Actors(
            projects=administration.projects,
            principals=administration.principals,
            keys=administration.keys,
            roles=house.policies.roles,
            clock=house.clock,
            pair=house.authenticator.pair,
            known=house.identity.refresh,
        ),
        trials=_trials(house) if settings.selftest.submissions else {},
        fleet=serving.fleet,
        lowered=partial(_is_lowered, serving),
        withdrawn=partial(_withdrawn, serving),
        entries=AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock),
        clock=house.clock,
        metrics=house.metrics,
        webhooks=tuple(settings.webhooks),
        source=settings.ledger.origin,
    )


def _is_lowered(serving: Serving, rule: str) -> bool:
    return Levels.of(serving.decision_point.bundle).lowered(rule, glass=serving.lenient.glass is not None)


async def _withdrawn(serving: Serving, name: str) -> bool:
    """End a job of the self-test that waits for a second person; nobody else's, and never let it go."""
    # However a dialect writes the name of a job, it ends with ours.
    job = await serving.jobs.find(name.rpartition("/")[2])
    if job is None or not is_synthetic(job.project_id):
        return False
    return await serving.approved.waiting.withdraw(job, "the self-test asks nobody to approve its work")


def _trials(house: House) -> dict[str, Trial]:
    """Take every dialect in which anybody knows how to submit."""
    known = {name: house.adapters[name].trial for name in house.dialects}
    return {name: trial for name, trial in known.items() if trial is not None}
