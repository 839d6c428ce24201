"""What keeps rules from denying for a caller at the moment, as a fact."""

from gateway.domain.clock import rfc3339
from gateway.domain.leniency import Leniency
from gateway.policy.nouns import BreakGlassNoun, EnforcementNoun, OverrideNoun


def noun(known: Leniency | None) -> EnforcementNoun:
    """Write it as a fact; where nobody looked, everything is unknown, and nothing is lifted."""
    if known is None:
        return EnforcementNoun(cohort=None, overrides=None, stopped=None, break_glass=None, strict=False)
    glass = known.glass
    return EnforcementNoun(
        cohort=known.cohort,
        overrides=tuple(
            OverrideNoun(id=each.id, rule=each.rule, until=rfc3339(each.until)) for each in known.overrides
        ),
        stopped=known.stopped,
        break_glass=None
        if glass is None or glass.until is None
        else BreakGlassNoun(id=glass.id, until=rfc3339(glass.until)),
        strict=False,
    )
