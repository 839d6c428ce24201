"""Searching a ledger of a million entries, by everybody who may, on both databases; and taking all of it away."""

import resource
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import uvloop

from gateway.audit.ledger import Ledger
from gateway.audit.merkle import MerkleChain
from gateway.casework.entries import AdminEntries
from gateway.casework.filters import wanted
from gateway.casework.formats import Form
from gateway.casework.index import Index
from gateway.casework.inspection import Inspection
from gateway.casework.looks import Looks
from gateway.casework.principals import Principals
from gateway.casework.projects import Projects
from gateway.casework.search import Search
from gateway.domain.clock import SystemClock
from gateway.domain.search import Filter, Scope
from gateway.store.commit import Writer
from gateway.store.engine import Database, migrate
from gateway.vault.keys import FileKeyProvider, create_master_key
from gateway.vault.locks import Locks
from gateway.vault.vault import Vault
from tests import tools
from tests.bench.history import BEGINS, Cast, write
from tests.bench.outcome import Budget, Outcome, Series
from tests.bench.scale import Scale
from tests.bench.stopwatch import median_ms
from tests.postgres import Server

TITLE = "Search"
PROMISED_MS = 200.0
MEMORY_MIB = 64.0
PROJECTS, PEOPLE = 40, 200
QUESTIONS: Sequence[Mapping[str, str]] = (
    {},
    {"type": "job.denied"},
    {"vendor": "ibm", "type": "job.permitted", "since": "2026-02-01", "until": "2026-02-08"},
    {"fallback": "yes"},
    {"decision": "denied", "rule": "budget/money"},
    {"kind": "hardware", "type": "job.completed"},
    {"principal": "PERSON"},
    {"principal": "PERSON", "decision": "denied", "rule": "circuits/size"},
    {"classification": "restricted", "decision": "denied"},
    {"decision": "denied", "kind": "simulator"},
    {"cost_from": "80"},
    {"cost_from": "89.99", "type": "job.permitted"},
    {"cost_to": "0.001"},
    {"text": "maintenance"},
    {"text": "qubits calibration"},
    {"text": "unavail*"},
    {"backend": "ionq_3"},
    {"job": "sdk-job-333"},
    {"type": "halt.*"},
)
"""What the console's first page can ask: its saved questions, and what finds nothing although each part is common."""


def measure(scale: Scale) -> Outcome:
    """Fill both databases with the same history, ask every question, and export all of it."""
    with ExitStack() as stack:
        addresses = {"SQLite": f"sqlite+aiosqlite:///{scale.scratch / 'search.sqlite3'}"}
        if (initdb := tools.find(tools.load()["postgresql"])) is not None:
            server = stack.enter_context(Server(initdb))
            addresses["PostgreSQL"] = server.url(server.create())
        measured = {name: uvloop.run(_measured(url, scale)) for name, url in addresses.items()}
    series = tuple(each for name, found in measured.items() for each in _series(name, found))
    return Outcome(series=series, budgets=tuple(_budgets(series)), note=_note(scale))


async def _measured(url: str, scale: Scale) -> dict[str, tuple[float, ...]]:
    async with _library(url, scale.scratch) as (search, cast):
        await write(search.database, cast, scale.searched)
        began = time.perf_counter()
        await search.index.follow()
        indexed = scale.searched / (time.perf_counter() - began)
        slowest = [await _slowest(search, cast, scale) for _ in range(scale.runs)]
        counted = [await _counted(search, cast, scale) for _ in range(scale.runs)]
        before = _peak_mib()
        rates = [await _exported(search, form) for form in Form]
        grown = _peak_mib() - before
    return {
        "index": (indexed,),
        "p95": tuple(slowest),
        "counted": tuple(counted),
        "export": tuple(rates),
        "memory": (grown,),
    }


async def _slowest(search: Search, cast: Cast, scale: Scale) -> float:
    """Ask every question as an auditor, a lead and a scientist; gives the p95 of the slowest question, in ms."""
    project = frozenset({cast.projects[7]})
    scopes = (Scope(), Scope(project_ids=project), Scope(project_ids=project, subject=cast.people[3]))
    worst = 0.0
    for question in QUESTIONS:
        asked = wanted({name: [value.replace("PERSON", cast.people[5])] for name, value in question.items()})
        for scope in scopes:
            times = sorted([await _timed(search, asked, scope) for _ in range(scale.calls // 10)])
            worst = max(worst, times[int(len(times) * 0.95) - 1])
    return worst * 1000


async def _counted(search: Search, cast: Cast, scale: Scale) -> float:
    """Count the newest entries for the start page, as an auditor and a lead; gives the slower median, in ms."""
    scopes = (Scope(), Scope(project_ids=frozenset({cast.projects[7]})))
    return max([await median_ms(partial(search.recent, scope, BEGINS), scale.calls // 10) for scope in scopes])


async def _timed(search: Search, asked: Filter, scope: Scope) -> float:
    began = time.perf_counter()
    await search.find(asked, scope)
    return time.perf_counter() - began


async def _exported(search: Search, form: Form) -> float:
    """Write everything in one format, to nowhere; gives entries per second."""
    began, lines = time.perf_counter(), 0
    async for portion in search.export(Filter(), Scope(), form):
        lines += portion.count(b"\n")
    return lines / (time.perf_counter() - began)


@asynccontextmanager
async def _library(url: str, scratch: Path) -> AsyncIterator[tuple[Search, Cast]]:
    await migrate(url)
    database, clock = await Database.open(url), SystemClock()
    keys = scratch / url.partition(":")[0]
    keys.mkdir()
    create_master_key(keys / "master.key")
    vault = Vault(database, FileKeyProvider(keys / "master.key"), clock, Locks.create(keys / "erasure.key"))
    await vault.start()
    ledger = Ledger(Writer(database, MerkleChain()), clock)
    entries = AdminEntries(ledger=ledger, vault=vault, clock=clock)
    search = Search(
        database=database,
        index=Index(database=database),
        vault=vault,
        principals=Principals(database=database, entries=entries, clock=clock),
        projects=Projects(database=database, entries=entries, clock=clock),
        inspection=Inspection(database, vault),
        looks=Looks(entries=entries, clock=clock),
        source="bench",
    )
    people = tuple(vault.subject(f"person-{number}") for number in range(PEOPLE))
    yield search, Cast(projects=tuple(f"project-{number}" for number in range(PROJECTS)), people=people)
    await database.close()


def _series(name: str, found: Mapping[str, tuple[float, ...]]) -> Iterator[Series]:
    yield Series(what=f"{name}: p95 of the slowest question", unit="ms", values=found["p95"])
    yield Series(what=f"{name}: the start page's counts", unit="ms", values=found["counted"])
    yield Series(what=f"{name}: indexing", unit="entries/s", values=found["index"])
    yield Series(what=f"{name}: export, over its formats", unit="entries/s", values=found["export"])
    yield Series(what=f"{name}: memory that exports took", unit="MiB", values=found["memory"])


def _budgets(series: Sequence[Series]) -> Iterator[Budget]:
    for each in series:
        if "p95" in each.what:
            yield Budget(promise="first page of any question below 200 ms p95", found=each, at_most=PROMISED_MS)
        if "memory" in each.what:
            yield Budget(promise="exports in constant memory, below 64 MiB", found=each, at_most=MEMORY_MIB)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _note(scale: Scale) -> str:
    return (
        f"{scale.searched:,} entries of jobs that {PEOPLE} people in {PROJECTS} projects had decided, sent and ended; "
        f"{len(QUESTIONS)} questions, each asked by an auditor (everything), a lead (one project) and a scientist "
        "(their own), in process, names and projects looked up as for an answer. One question at a time."
    )
