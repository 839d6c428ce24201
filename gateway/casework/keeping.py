"""What is kept and for how long, for command line and clocks alike: rules, holds, erasures, and the check of all."""

from dataclasses import dataclass

from gateway.casework.disposal import Disposal
from gateway.casework.erasure import Erasure
from gateway.casework.fsck.whole import Fsck
from gateway.casework.legal_holds import LegalHolds
from gateway.casework.retention import Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Everything about keeping and forgetting."""

    legal_holds: LegalHolds
    erasure: Erasure
    retention: Retention
    disposal: Disposal
    fsck: Fsck
