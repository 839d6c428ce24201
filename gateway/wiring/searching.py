"""Fits the search of the ledger together."""

from gateway.casework.administration import Administration
from gateway.casework.index import Index
from gateway.casework.inspection import Inspection
from gateway.casework.looks import Looks
from gateway.casework.search import Search
from gateway.settings import Settings
from gateway.store.engine import Database
from gateway.vault.vault import Vault


def ledger_search(
    settings: Settings, database: Database, vault: Vault, administration: Administration, inspection: Inspection
) -> Search:
    """Make what searches; its index is filled by whoever leads."""
    return Search(
        database=database,
        index=Index(database=database),
        vault=vault,
        principals=administration.principals,
        projects=administration.projects,
        inspection=inspection,
        looks=Looks(entries=administration.projects.entries, clock=administration.projects.clock),
        source=settings.ledger.origin,
    )
