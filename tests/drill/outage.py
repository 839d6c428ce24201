"""`python -m tests.drill.outage`: every vendor goes away under load, three times and each time in another way.

It answers 503, then refuses connections, then takes them and says nothing. Meanwhile clients go on submitting:
half of them from a project that consents to a simulator, half from one that does not. Nobody may wait too long, no job
may be lost or run twice, what a simulator ran must say so everywhere, and everything must come back by itself.
Exits 1 when one of that is not so.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from gateway.enforcement.submit import ANSWER_SECONDS
from tests.drill import outage_page, speakers
from tests.drill.crowd import Client, Crowd, Told
from tests.drill.deployment import PACE, Fake, fakes, gateway
from tests.drill.exactly_once import ADAPTERS, ATTRIBUTES, BUCKET, NAMES, SECRETS
from tests.drill.watch import Watch
from tests.fakes.vendors.aws.calls import Calls
from tests.running import Gateway, NeverTrueError, eventually

KINDS = ("503", "refuse", "hang")
MARGIN_SECONDS = 5.0
MOST_FAILURES = 10
RECOVERY_SECONDS = 30.0
"""Far above the longest pause between two probes: what takes longer does not come back by itself."""
HANG_SECONDS = 45.0
"""A vendor that says nothing is noticed when requests to it time out; a shorter silence diverts nobody."""
SETTLE_SECONDS = 300.0
LOOKED_AT = 20
"""Simulated jobs of each outage and vendor whose results are fetched."""
RESULTS = {"ionq": "/results/probabilities", "ibm": "/results"}
"""Where results are, at vendors whose clients look at their jobs."""
REMEDY = "qgw:simulator=allow"
_NOTHING_DONE = ("nothing was started", "nothing was forwarded", "is sent nothing now")


@dataclass
class Outage:
    """What one outage of one vendor was like."""

    vendor: str
    kind: str
    seconds: float
    opened_after: float = -1.0
    """Seconds until its breaker was seen open."""
    failures: int = 0
    """Calls that had failed when it opened."""
    asked: int = 0
    """Requests that reached the vendor while it was away."""
    longest_answer: float = 0.0
    submitted: int = 0
    simulated: int = 0
    denied: int = 0
    turned_away: int = 0
    """Told that nothing was started and asking again is safe."""
    waiting: int = 0
    """Taken, to go to the vendor when it is back."""
    recovered_after: float = -1.0
    """Seconds from its return until a job was forwarded again."""

    @property
    def clean(self) -> bool:
        """Whether it went as it should."""
        noticed = self.kind != "hang" or self.seconds > HANG_SECONDS
        diverted = self.simulated > 0 and self.denied > 0
        quick = 0 < self.failures <= MOST_FAILURES and self.longest_answer <= ANSWER_SECONDS + MARGIN_SECONDS
        return quick and 0 <= self.recovered_after <= RECOVERY_SECONDS and (diverted or not noticed)


@dataclass
class Report:
    """What the whole drill found."""

    outages: list[Outage] = field(default_factory=list)
    intents: int = 0
    vendor_jobs: int = 0
    lost: int = 0
    double: int = 0
    unsettled: int = 0
    unanswered: int = 0
    """Submissions without any HTTP answer."""
    unworded: int = 0
    """Refusals that do not say what was found and what to do."""
    examples: list[str] = field(default_factory=list)
    """Of the words of such refusals."""
    unlabelled: int = 0
    """Simulated jobs whose answer, results or ledger entries do not say so."""
    unwilling: int = 0
    """Simulated jobs of a project that does not consent."""
    untold: int = 0
    """Turns of a breaker that are missing in the ledger."""
    restarts: int = 0
    longest_answer: float = 0.0
    longest_poll: float = 0.0
    answer_bound: float = ANSWER_SECONDS + MARGIN_SECONDS
    ledger_intact: bool = False

    @property
    def clean(self) -> bool:
        """Whether everything went as it should."""
        wrong = self.lost + self.double + self.unsettled + self.unanswered + self.unworded
        wrong += self.unlabelled + self.unwilling + self.untold + self.restarts
        quick = max(self.longest_answer, self.longest_poll) <= self.answer_bound
        return not wrong and quick and self.ledger_intact and all(each.clean for each in self.outages)


class Drill:
    """One run."""

    def __init__(self, made: Gateway, vendors: dict[str, Fake], seconds: float) -> None:
        self._gateway, self._fakes, self._seconds = made, vendors, seconds
        self._report = Report()
        self._watch = Watch(made)
        self._crowd = Crowd(made.url, [])
        self._processes: list[int] = []

    def prepare(self, clients: int) -> None:
        """Begin the deployment: two projects, an account at each vendor, and clients of both projects at each."""
        made = self._gateway.init()
        if "aws" in self._fakes:
            asyncio.run(Calls(self._fakes["aws"].url)("s3", "create_bucket", Bucket=BUCKET))
        for vendor, fake in self._fakes.items():
            added = ("vendors", "add", NAMES[vendor], "--name", vendor, *ATTRIBUTES[vendor](fake.told))
            done = made.run(*added, given=SECRETS[vendor])
            assert done.returncode == 0, done.stderr
        made.cli("projects", "new", "willing", "--simulator")
        made.cli("projects", "new", "strict", "--no-simulator")
        made.start()
        self._processes = [process.pid for process in made.processes()[:2]]
        keys = {True: made.key(project="willing"), False: made.key(project="strict")}
        asking = [
            Client(vendor=vendor, willing=willing, speaker=self._speaker(vendor, key), looks=vendor in RESULTS)
            for vendor in self._fakes
            for willing, key in keys.items()
        ]
        self._crowd.clients = asking * (clients // 2)

    def _speaker(self, vendor: str, key: str) -> speakers.Speaker:
        if vendor == "aws":
            pair = self._gateway.json("env", "braket", "--key", key)
            return speakers.Braket(pair["AWS_ACCESS_KEY_ID"], pair["AWS_SECRET_ACCESS_KEY"])
        return speakers.Ionq(key) if vendor == "ionq" else speakers.Ibm(key)

    async def run(self) -> Report:
        """Let every outage happen, then let everything come to an end and count."""
        timeout = aiohttp.ClientTimeout(total=4 * ANSWER_SECONDS)
        watching = asyncio.create_task(self._watch.run())
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            working = asyncio.create_task(self._crowd.work(session))
            for kind in KINDS:
                await self._forwarded_since(time.monotonic())
                await self._away(kind)
            self._crowd.over.set()
            await working
            await asyncio.to_thread(self._settle)
            await self._look_at_results(session)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await asyncio.to_thread(self._count)
        return self._report

    # ── outages ──────────────────────────────────────────────────────────────────────────────────
    async def _away(self, kind: str) -> None:
        """Take every vendor away, bring it back, and see how each fared."""
        self._crowd.phase, began = kind, time.monotonic()
        struck = {vendor: _struck(fake, kind) for vendor, fake in self._fakes.items()}
        for fake in self._fakes.values():
            await asyncio.to_thread(fake.ask, "outage", {"kind": kind, "seconds": self._seconds})
        await asyncio.sleep(began + self._seconds - time.monotonic())
        ended = time.monotonic()
        self._crowd.phase = f"after {kind}"
        recovered = await self._forwarded_since(ended)
        for vendor, fake in self._fakes.items():
            told = [each for each in self._crowd.since(kind) if each.client.vendor == vendor]
            opened = [at for at in self._watch.opened.get(NAMES[vendor], ()) if at >= began]
            self._report.outages.append(
                Outage(
                    vendor=vendor,
                    kind=kind,
                    seconds=self._seconds,
                    opened_after=round(opened[0] - began, 2) if opened else -1.0,
                    asked=_struck(fake, kind) - struck[vendor],
                    longest_answer=round(max((each.seconds for each in told), default=0.0), 2),
                    submitted=len(told),
                    simulated=sum(each.simulated for each in told),
                    denied=sum(each.status == 403 for each in told),
                    turned_away=sum(each.status >= 500 for each in told),
                    waiting=sum(each.hardware for each in told),
                    recovered_after=round(recovered.get(vendor, -1.0 - ended + began) - ended, 2),
                )
            )

    async def _forwarded_since(self, moment: float) -> dict[str, float]:
        """Wait until each vendor's breaker is closed and it was sent a job again; gives when that was."""
        found: dict[str, float] = {}
        deadline = moment + 2 * RECOVERY_SECONDS
        while len(found) < len(self._fakes) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
            for told in self._crowd.told[-100:]:
                vendor = told.client.vendor
                if (
                    told.began_at >= moment
                    and told.hardware
                    and vendor not in found
                    and not self._watch.away(NAMES[vendor])
                ):
                    found[vendor] = told.began_at + told.seconds
        return found

    def _settle(self) -> None:
        """Wait until every job has ended: what was left without an answer is looked for first."""
        try:
            eventually(lambda: not self._unfinished(), seconds=SETTLE_SECONDS, pause=1.0)
        except NeverTrueError:
            self._report.unsettled = self._unfinished()

    def _unfinished(self) -> int:
        lines = (line.split() for line in self._gateway.metrics().splitlines() if line.startswith("gateway_jobs{"))
        return round(sum(float(count) for name, count in lines if not re.search("completed|failed|cancelled", name)))

    # ── what simulated jobs say ──────────────────────────────────────────────────────────────────
    async def _look_at_results(self, session: aiohttp.ClientSession) -> None:
        for kind in KINDS:
            for vendor in self._fakes.keys() & RESULTS.keys():
                mine = [each for each in self._crowd.since(kind) if each.client.vendor == vendor and each.simulated]
                for told in mine[:LOOKED_AT]:
                    self._report.unlabelled += not await self._says_so(session, told)

    async def _says_so(self, session: aiohttp.ClientSession, told: Told) -> bool:
        """Say whether a job's first answer, its description and its results all name the simulator, and why."""
        status, kind, body = await self._crowd.fetch(session, told)
        shown = json.loads(body).get("qgw", {}) if status == 200 else {}
        results, results_kind, _ = await self._crowd.fetch(session, told, RESULTS[told.client.vendor])
        named = {kind, results_kind, shown.get("execution_kind")} == {"simulator"}
        return named and results == 200 and bool(told.headers.get("qgw-fallback-reason") and shown["fallback_reason"])

    # ── the books ────────────────────────────────────────────────────────────────────────────────
    def _count(self) -> None:
        report, told = self._report, self._crowd.told
        found = Counter(name for fake in self._fakes.values() for job in fake.jobs() for name in _intents(job))
        report.intents, report.vendor_jobs = len(told), found.total()
        report.lost = sum(not found[each.name] for each in told if each.hardware)
        report.double = sum(max(0, found[each.name] - each.hardware) for each in told)
        report.unanswered = sum(each.status == 0 for each in told)
        unworded = [each for each in told if not each.taken and not _worded(each)]
        report.unworded = len(unworded)
        report.examples = [
            f"{each.phase}: {each.status} {each.body.decode('utf-8', 'replace')[:400]}" for each in unworded[:5]
        ]
        report.unwilling = sum(each.simulated and not each.client.willing for each in told)
        report.longest_answer = round(max(each.seconds for each in told), 2)
        report.longest_poll = round(max(self._crowd.polls, default=0.0), 2)
        left = [process.pid for process in self._gateway.processes()[:2]]
        report.restarts = sum(before != after for before, after in zip(self._processes, left, strict=True))
        self._read_ledger(self._entries())
        report.ledger_intact = self._gateway.run("audit", "verify").returncode == 0

    def _read_ledger(self, entries: Sequence[dict[str, Any]]) -> None:
        """Compare what the ledger says with what clients and the metrics saw."""
        report = self._report
        bodies = [(entry["type"], entry["body"]) for entry in entries]
        placed = {body["client_job_id"]: body for kind, body in bodies if kind == "job.permitted"}
        done = {body["job_id"]: body for kind, body in bodies if kind == "job.completed"}
        for told in (each for each in self._crowd.told if each.simulated):
            permitted = placed.get(told.job_id, {"job_id": "", "placement": {}})
            completed = done.get(permitted["job_id"], {})
            where = permitted["placement"]
            said = where.get("fallback"), where.get("kind"), completed.get("fallback"), completed.get("execution_kind")
            report.unlabelled += said != (True, "simulator", True, "simulator") or not where["reason"]
        for vendor in self._fakes:
            self._read_turns(vendor, [(kind, body) for kind, body in bodies if body.get("vendor") == NAMES[vendor]])

    def _read_turns(self, vendor: str, bodies: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Compare a vendor's turns in the ledger with those that the metrics showed, in order."""
        report, name = self._report, NAMES[vendor]
        turns = [kind for kind, _ in bodies if kind in _TURNS]
        seen = len(self._watch.opened.get(name, ())), len(self._watch.closed.get(name, ()))
        report.untold += sum(abs(turns.count(kind) - times) for kind, times in zip(_TURNS, seen, strict=True))
        report.untold += turns != [*_TURNS] * (len(turns) // 2)
        failures = [body["failures"] for kind, body in bodies if kind == _TURNS[0]]
        for outage, count in zip((each for each in report.outages if each.vendor == vendor), failures, strict=False):
            outage.failures = count

    def _entries(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = []
        while page := self._gateway.json("audit", "show", "--since", str(len(listed)), "--limit", "10000"):
            listed += page
        return listed


_TURNS = ("vendor.degraded", "vendor.recovered")


def _struck(fake: Fake, kind: str) -> int:
    return int(fake.ask("state")["faults"].get(f"outage-{kind}", 0))


def _intents(job: dict[str, Any]) -> set[str]:
    """Find the intent in what a vendor tells of a job: its name, or its tags."""
    return set(re.findall(r"intent-\d+", json.dumps(job)))


def _worded(told: Told) -> bool:
    """Say whether a refusal tells its reader what was found and what to do."""
    words = told.body.decode("utf-8", "replace")
    if told.status == 403:
        return "takes no work now" in words and REMEDY in words
    return told.status >= 500 and any(each in words for each in _NOTHING_DONE)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.drill.outage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long each outage takes")
    parser.add_argument("--clients", type=int, default=8, help="how many submit at each vendor at once")
    parser.add_argument("--vendors", default="ionq,ibm,aws")
    parser.add_argument("--page", action="store_true", help=f"write {outage_page.PAGE}")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the drill and print its report."""
    arguments = _arguments(given)
    with (
        tempfile.TemporaryDirectory() as folder,
        fakes(arguments.vendors.split(","), "--instant") as started,
    ):
        adapters = {NAMES[vendor]: ADAPTERS[vendor](fake.url) for vendor, fake in started.items()}
        made = gateway(Path(folder), adapters, pace={**PACE, "polls_at_once": 4})
        try:
            drill = Drill(made, started, arguments.seconds)
            drill.prepare(arguments.clients)
            report = asyncio.run(drill.run())
        except BaseException:
            print(made.log()[-6000:], file=sys.stderr)
            raise
        finally:
            made.discard()
    told = asdict(report)
    print(json.dumps(told, indent=2))
    if arguments.page:
        outage_page.write(told, clean=report.clean)
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
