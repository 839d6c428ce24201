"""Fits together what keeps and what forgets."""

from functools import partial

from gateway.casework.administration import Administration
from gateway.casework.disposal import Disposal
from gateway.casework.erasure import Erasure
from gateway.casework.fsck.whole import Fsck
from gateway.casework.index import Index
from gateway.casework.keeping import Keeping
from gateway.casework.legal_holds import LegalHolds
from gateway.casework.proving import Proving
from gateway.casework.quorum import Action, Quorum
from gateway.casework.retention import Days, Retention, Rules
from gateway.settings import Settings
from gateway.settings.retention import KeptDays


def keeping(settings: Settings, administration: Administration, proving: Proving, quorum: Quorum) -> Keeping:
    """Make it; nothing is read yet."""
    projects, principals = administration.projects, administration.principals
    entries, database, clock = projects.entries, projects.database, projects.clock

    disposal = Disposal(database=database, vault=entries.vault, clock=clock, seen=partial(quorum.met, Action.ERASURE))
    return Keeping(
        legal_holds=LegalHolds(
            database=database, entries=entries, clock=clock, projects=projects, principals=principals
        ),
        erasure=Erasure(
            database=database,
            entries=entries,
            clock=clock,
            projects=projects,
            principals=principals,
            disposal=disposal,
        ),
        retention=Retention(database=database, entries=entries, clock=clock, rules=rules(settings), disposal=disposal),
        disposal=disposal,
        fsck=Fsck(
            database=database,
            vault=entries.vault,
            proving=proving,
            index=Index(database=database),
            budgets=administration.budgets,
        ),
    )


def rules(settings: Settings) -> Rules:
    """Give the rules as the settings have them."""
    chosen = settings.retention
    own = {name: _days(each) for name, each in chosen.projects.items()}
    return Rules(every=_days(chosen), projects=own, entries=chosen.entries)


def _days(kept: KeptDays) -> Days:
    return Days(payloads=kept.payloads, results=kept.results, facts=kept.facts)
