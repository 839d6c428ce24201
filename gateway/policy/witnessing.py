"""How far witnesses have seen the ledger, as a fact: what policy may demand before risky work."""

from datetime import datetime

from gateway.domain.witnessing import Cosigned, Witnessing
from gateway.policy.nouns import LedgerNoun, WitnessNoun


def noun(known: Witnessing | None, now: datetime) -> LedgerNoun:
    """Write it as a fact; where nobody watches witnesses, everything is unknown."""
    if known is None:
        return LedgerNoun(
            required=None,
            configured=None,
            signed_size=None,
            witnessed_size=None,
            behind=None,
            refused=None,
            witnesses=None,
        )
    return LedgerNoun(
        required=known.required,
        configured=known.configured,
        signed_size=known.signed_size,
        witnessed_size=known.cosigned_size,
        behind=max(0, known.signed_size - known.cosigned_size),
        refused=known.refused is not None,
        witnesses=tuple(_witness(each, known.signed_size, now) for each in known.by),
    )


def _witness(cosigned: Cosigned, signed: int, now: datetime) -> WitnessNoun:
    return WitnessNoun(
        name=cosigned.witness,
        size=cosigned.size,
        behind=max(0, signed - cosigned.size),
        # A witness whose clock is ahead of ours saw it just now.
        age_seconds=max(0, int((now - cosigned.at).total_seconds())),
    )
