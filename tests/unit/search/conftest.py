"""A ledger of a few days on each database, searched by who may see what."""

import pytest

from gateway.casework.index import Index
from gateway.casework.inspection import Inspection
from gateway.casework.looks import Looks
from gateway.casework.search import Search
from tests.records import StillClock
from tests.unit.casework.archive import opened
from tests.unit.search.library import Library


@pytest.fixture
async def library(database, tmp_path):
    """An empty ledger with two projects and two people, and its search."""
    archive = await opened(database, tmp_path, StillClock())
    search = Search(
        database=database,
        index=Index(database=database),
        vault=archive.vault,
        principals=archive.administration.principals,
        projects=archive.administration.projects,
        inspection=Inspection(database, archive.vault),
        looks=Looks(entries=archive.entries, clock=archive.clock),
        source="test",
    )
    yield await Library.open(
        clock=archive.clock,
        ledger=archive.ledger,
        vault=archive.vault,
        administration=archive.administration,
        search=search,
    )
    await archive.writer.close()
