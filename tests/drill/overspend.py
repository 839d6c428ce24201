"""`python -m tests.drill.overspend`: a crowd spends several budgets at once, while gateways are killed and the database
restarts.

Many submitters press upon limits of every level, all of them set to run out. When the crowd has gone and every job has
ended, the journal is added up again from its first line: no limit may ever have been passed, no hold may be left
without a job, and the kept balances must be what the journal says, to the micro. Exits 1 otherwise.
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from gateway.casework.budgets import Wish as LimitWish
from gateway.casework.keys import Wish
from gateway.casework.projects import Terms
from gateway.domain.budget import Level, Period
from gateway.domain.principal import PrincipalKind
from gateway.wiring import House
from tests.drill import ledgers, overspend_page
from tests.drill.deployment import PACE, Fake, fakes, gateway, priced
from tests.drill.exactly_once import ADAPTERS, SECRETS
from tests.drill.ledgers import Books
from tests.integration.people import within
from tests.postgres import Server
from tests.running import Gateway, GatewayFailedError
from tests.tools import find, load

PRICE_MICROS: Final = 26_000_000
"""What a job is held for; the fake vendor bills a little less."""
LEASE_SECONDS: Final = 8.0
PROJECTS: Final = 4
PEOPLE: Final = 8
SHOTS: Final = 10
PATH: Final = "/ionq/v0.4/jobs"
PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Much as SDKs pause before each further try."""
RETRIED: Final = frozenset({429, 500, 502, 503, 504})
ANSWER_SECONDS: Final = 240.0
SETTLE_SECONDS: Final = 420.0
_BELL: Final = [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]


@dataclass
class Report:
    """What a drill found."""

    database: str
    gateways: int
    submitters: int
    submissions: int
    kills: int = 0
    restarts: int = 0
    """Of the database."""
    taken: int = 0
    refused: int = 0
    """By a budget or quota, in the vendor's words."""
    unanswered: int = 0
    other: dict[str, int] = field(default_factory=dict)
    """Answers that were neither, by status."""
    completed: int = 0
    failed: int = 0
    """Closed before anything was sent: a kill, or a ledger that did not answer in time."""
    vendor_jobs: int = 0
    """What the vendor ever took; as many as completed, or something ran twice."""
    exhausted: int = 0
    """Limits that ran out."""
    limits: dict[str, str] = field(default_factory=dict)
    """By name: the most that was ever taken, of what was allowed."""
    looks: int = 0
    """How often the balances were read while the crowd spent."""
    overspend: int = 0
    """Maximum over all limits and moments, in the limit's own unit (micros for money)."""
    phantom_holds: int = 0
    imbalance: int = 0
    doubles: int = 0
    unsettled: int = 0
    differences: int = 0
    """What `gateway budgets check` finds."""
    ledger_intact: bool = False
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether nothing was overspent, lost or left."""
        wrong = self.overspend + self.phantom_holds + self.imbalance + self.doubles + self.unsettled
        wrong += abs(self.vendor_jobs - self.completed)
        return not wrong + self.differences + self.unanswered + sum(self.other.values()) and self.ledger_intact


@dataclass
class Drill:
    """One run."""

    arguments: argparse.Namespace
    gateways: list[Gateway]
    books: Books
    server: Server | None
    vendor: Fake
    keys: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to count."""
        self._dice = random.Random(self.arguments.seed)
        self._report = Report(
            database=self.arguments.database,
            gateways=len(self.gateways),
            submitters=self.arguments.submitters,
            submissions=self.arguments.submitters * self.arguments.each,
        )

    def prepare(self) -> None:
        """Begin the deployment, its people, its budgets and its account at the vendor; then start every gateway."""
        first, *others = self.gateways
        first.init()
        for other in others:
            other.state_dir.mkdir(mode=0o700, parents=True)
            for key in ("master.key", "erasure.key"):
                shutil.copy(first.state_dir / key, other.state_dir / key)
        added = first.run("vendors", "add", "ionq", "--name", "ionq", given=SECRETS["ionq"])
        assert added.returncode == 0, added.stderr
        self.keys = within(first, self._people)
        for each in self.gateways:
            each.launch()
        for each in self.gateways:
            each.wait_ready()

    async def _people(self, house: House) -> list[str]:
        projects, people = [f"project-{n}" for n in range(PROJECTS)], [f"person-{n}" for n in range(PEOPLE)]
        for number, project in enumerate(projects):
            terms = Terms(team=f"team-{number % 2}", simulator_consent=False)
            await house.administration.projects.create(name=project, terms=terms)
        for person in people:
            await house.administration.principals.create(name=person, kind=PrincipalKind.PERSON)
        issued = [
            await house.administration.keys.new(principal=person, project=project, wish=Wish(roles=("scientist",)))
            for person in people
            for project in projects
        ]
        for name, wish in _limits(self._report.submissions, issued[0].key.id):
            await house.administration.budgets.set(name, wish)
        return [each.text.reveal().decode() for each in issued]

    async def run(self) -> Report:
        """Let the crowd spend while things break, then let everything come to an end and add it up."""
        began = time.monotonic()
        looks: list[int] = []
        watching = asyncio.create_task(ledgers.watch(self.books, looks))
        breaking = asyncio.create_task(self._break_things())
        timeout = aiohttp.ClientTimeout(total=60)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector, trust_env=False) as session:
            await asyncio.gather(*(self._spend(session, number) for number in range(self.arguments.submitters)))
        breaking.cancel()
        await asyncio.gather(breaking, return_exceptions=True)
        await asyncio.to_thread(self._all_up)
        await self._settle()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        self._report.looks, self._report.overspend = len(looks), max(0, *looks)
        await self._add_up()
        self._report.seconds = round(time.monotonic() - began, 1)
        return self._report

    # ── the crowd ────────────────────────────────────────────────────────────────────────────────
    async def _spend(self, session: aiohttp.ClientSession, number: int) -> None:
        for turn in range(self.arguments.each):
            status = await self._insist(session, self.keys[number % len(self.keys)], f"{number}-{turn}")
            if status == 0:
                self._report.unanswered += 1
            elif status < 300:  # a success
                self._report.taken += 1
            elif status in {402, 403}:
                self._report.refused += 1
            else:
                self._report.other[str(status)] = self._report.other.get(str(status), 0) + 1

    async def _insist(self, session: aiohttp.ClientSession, key: str, intent: str) -> int:
        """Submit to one gateway after the other until there is an answer; gives its status, 0 for none."""
        deadline = time.monotonic() + ANSWER_SECONDS
        for tries in range(10_000):
            try:
                status = await self._submit(session, key, intent)
                if status not in RETRIED:
                    return status
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)] * (0.5 + self._dice.random()))
        return 0

    async def _submit(self, session: aiohttp.ClientSession, key: str, intent: str) -> int:
        job = {"type": "ionq.circuit.v1", "backend": "qpu.forte-1", "shots": SHOTS}
        body = json.dumps({**job, "input": {"gateset": "qis", "qubits": 2, "circuit": _BELL}}).encode()
        headers = {"authorization": f"apiKey {key}", "content-type": "application/json", "idempotency-key": intent}
        url = f"{self._dice.choice(self.gateways).url}{PATH}"
        async with session.post(url, data=body, headers=headers) as answer:
            content = await answer.read()
            if answer.status >= 400 and answer.status not in RETRIED | {402, 403}:  # what nobody expects
                print(f"{intent}: {answer.status} {content[:300]!r}", file=sys.stderr)
            return answer.status

    # ── what breaks ──────────────────────────────────────────────────────────────────────────────
    async def _break_things(self) -> None:
        """Kill gateways, and restart the database, spread over the submissions."""
        kinds = ["kill"] * self.arguments.kills + ["restart"] * (self.arguments.restarts if self.server else 0)
        self._dice.shuffle(kinds)
        for number, kind in enumerate(kinds):
            due = self._report.submissions * (number + self._dice.random()) / len(kinds)
            while self._answered() < due:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
            await asyncio.to_thread(self._kill if kind == "kill" else self._restart)

    def _answered(self) -> int:
        report = self._report
        return report.taken + report.refused + report.unanswered + sum(report.other.values())

    def _kill(self) -> None:
        """Kill one gateway, its supervisor with it or the serving process alone, and bring it back."""
        up = [each for each in self.gateways if each.ready()]
        if not up:
            _await_ready(self.gateways[0])
            up = self.gateways[:1]
        victim = self._dice.choice(up)
        found = victim.processes()
        if self._dice.random() < 0.5:  # a coin
            for process in found:
                process.kill()
            victim.kill()
            victim.launch()
        else:
            for process in found:
                if "gateway.cli.serving" in process.command:
                    process.kill()
        self._report.kills += 1

    def _restart(self) -> None:
        assert self.server is not None, "only a server can be restarted"
        self.server.restart()
        self._report.restarts += 1

    def _all_up(self) -> None:
        for each in self.gateways:
            if each.process is None or each.process.poll() is not None:
                each.launch()
            _await_ready(each)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────
    async def _settle(self) -> None:
        """Wait until every job has ended and no attempt is open: what was lost is looked for first."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            self._report.unsettled = await self.books.count("unfinished") + await self.books.count("attempts")
            if not self._report.unsettled:
                return
            await asyncio.sleep(1)

    async def _add_up(self) -> None:
        report, books = self._report, self.books
        replayed = await books.replayed()
        report.overspend = max(report.overspend, *(each.over for each in replayed))
        report.limits = {each.name: f"{each.most} of {each.allowed}" for each in replayed}
        report.exhausted = sum(each.most > each.allowed * 0.9 for each in replayed)
        report.completed, report.failed = await books.count("completed"), await books.count("failed")
        report.vendor_jobs = len(await asyncio.to_thread(self.vendor.jobs))
        report.phantom_holds = await books.count("phantoms")
        report.imbalance = await books.imbalance()
        report.doubles = await books.doubles()
        first = self.gateways[0]
        report.differences = len(await asyncio.to_thread(within_differences, first))
        report.ledger_intact = (await asyncio.to_thread(first.run, "audit", "verify")).returncode == 0


def within_differences(made: Gateway) -> list[Any]:
    """Let the gateway itself derive every balance again, and give what differs."""
    return within(made, lambda house: house.administration.budgets.check())


def _limits(submissions: int, key_id: str) -> Iterator[tuple[str, LimitWish]]:
    """Give limits of every level and several units, each too small for its share of the crowd."""

    def money(share: float) -> str:
        return str(round(submissions * share * PRICE_MICROS / 1_000_000))

    usd = {"currency": "USD"}
    total, day, now = Period.TOTAL, Period.DAY, Period.OPEN
    yield "everybody", LimitWish(level=Level.ORGANISATION, amount=money(0.40), per=total, **usd)
    yield "team-0-day", LimitWish(level=Level.TEAM, target="team-0", amount=money(0.16), per=day, **usd)
    yield "project-0", LimitWish(level=Level.PROJECT, target="project-0", amount=money(0.06), per=total, **usd)
    yield "project-1", LimitWish(level=Level.PROJECT, target="project-1", amount=money(0.11), per=total, **usd)
    shots = str(round(submissions * 0.08) * SHOTS)
    yield "project-2-shots", LimitWish(level=Level.PROJECT, target="project-2", unit="shots", amount=shots, per=total)
    jobs = str(round(submissions * 0.05))
    yield "person-1-jobs", LimitWish(level=Level.PRINCIPAL, target="person-1", unit="jobs", amount=jobs, per=day)
    yield "person-2", LimitWish(level=Level.PRINCIPAL, target="person-2", amount=money(0.04), per=day, **usd)
    yield "key-now", LimitWish(level=Level.KEY, target=key_id, unit="jobs", amount="3", per=now)


def _await_ready(made: Gateway) -> None:
    try:
        made.wait_ready()
    except GatewayFailedError as error:
        print(f"a gateway did not come up: {str(error)[-2000:]}", file=sys.stderr)


@contextmanager
def deployed(arguments: argparse.Namespace) -> Iterator[Drill]:
    """Start the vendor and the database, and describe the gateways; nothing is left when it is over."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        started = stack.enter_context(fakes(["ionq"], "--instant", "--queue-seconds", "0.2", "--run-seconds", "0.2"))
        adapters = {"ionq": ADAPTERS["ionq"](started["ionq"].url)}
        server, settings = None, {"GATEWAY_DATABASE__LEASE_SECONDS": str(LEASE_SECONDS)}
        if arguments.database == "postgresql":
            program = find(load()["postgresql"])
            assert program is not None, "PostgreSQL is not here: python tests/tools.py install postgresql"
            server = stack.enter_context(Server(program))
            settings["GATEWAY_DATABASE__URL"] = server.url(server.create())
        made = [_one(folder / f"gateway-{number}", adapters, settings) for number in range(arguments.gateways)]
        for each in made:
            stack.callback(each.discard)
        url = settings.get("GATEWAY_DATABASE__URL", f"sqlite+aiosqlite:///{made[0].state_dir}/gateway.sqlite3")
        yield Drill(arguments, made, Books(url), server, started["ionq"])


def _one(folder: Path, adapters: dict[str, Any], settings: dict[str, str]) -> Gateway:
    folder.mkdir()
    made = gateway(folder, adapters, pace={**PACE, "polls_at_once": 16})
    made.settings.update(settings)
    made.settings["GATEWAY_BUDGETS__PRICES"] = str(priced(folder, ["ionq"], per_job_micros=PRICE_MICROS))
    return made


def perform(arguments: argparse.Namespace) -> Report:
    """Run one drill from the first start to the last sum."""
    with deployed(arguments) as drill:
        try:
            drill.prepare()
            return asyncio.run(drill.run())
        except BaseException:
            for each in drill.gateways:
                print(each.log()[-3000:], file=sys.stderr)
            raise


def arguments_of(given: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill.overspend", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--gateways", type=int, default=4)
    parser.add_argument("--submitters", type=int, default=1000)
    parser.add_argument("--each", type=int, default=3, help="what each submitter submits")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--restarts", type=int, default=1, help="of the database, where it is a server")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help=f"write {overspend_page.PAGE}")
    arguments = parser.parse_args(given)
    if arguments.database == "sqlite" and arguments.gateways != 1:
        parser.error("SQLite has one gateway: give --gateways 1")
    return arguments


def main(given: Sequence[str] | None = None) -> int:
    """Run the drill and print its report."""
    arguments = arguments_of(given)
    report = perform(arguments)
    print(json.dumps(asdict(report), indent=2))
    if arguments.page:
        overspend_page.write(asdict(report), clean=report.clean, seed=arguments.seed)
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
