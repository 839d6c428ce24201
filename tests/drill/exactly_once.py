"""`python -m tests.drill.exactly_once`: many submissions, faults at every step, and the gateway killed again and again.

Each intent is one piece of work that a client wants done once. When all have their answers and every job has ended,
the vendors' own books must hold exactly one job per intent: none lost, none double. Exits 1 otherwise.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.drill import exactly_once_page, speakers
from tests.drill.deployment import Fake, fakes, gateway
from tests.fakes.vendors.aws.calls import Calls
from tests.running import Gateway, GatewayFailedError

SUBMIT = {"ionq": "POST /jobs$", "ibm": "POST /jobs$", "aws": "POST /quantum-task$"}
NAMES = {"ionq": "ionq", "ibm": "ibm", "aws": "braket"}
"""The adapter of each fake."""
ADAPTERS: dict[str, Any] = {
    "ionq": lambda url: {"url": f"{url}/v0.4"},
    "ibm": lambda url: {"api_url": f"{url}/api/v1", "iam_url": f"{url}/iam"},
    "aws": lambda url: {"endpoint": url},
}
SECRETS = {
    "ionq": b"api_key=fake-ionq-key\n",
    "ibm": b"api_key=ibm-test-api-key\n",
    "aws": b"access_key_id=AKIAFAKEVENDOR000001\nsecret_access_key=fake-aws-secret-for-tests-only-0000000001\n",
}
ATTRIBUTES = {
    "ionq": lambda _: (),
    "ibm": lambda told: ("--attribute", f"crn={told['crn']}"),
    "aws": lambda _: ("--attribute", "regions=us-east-1", "--attribute", "bucket=amazon-braket-{region}-drill"),
}
FAULTS = (
    ("cut_before_read", 0.02),
    ("cut_after_read", 0.02),
    ("accept_then_cut", 0.03),
    ("accept_then_status", 0.03),
    ("half_answer", 0.02),
    ("status", 0.02),
    ("throttle", 0.01),
    ("garbage", 0.01),
)
OTHERS = (("* .", "status", 0.01), ("GET .", "half_answer", 0.01), ("GET .", "cut_after_read", 0.01))
NOTED = (
    "job.permitted",
    "job.forwarded",
    "job.completed",
    "job.failed",
    "attempt.lost",
    "attempt.repeated",
    "attempt.claimed",
    "vendor.degraded",
    "vendor.recovered",
)
BUCKET = "amazon-braket-us-east-1-drill"
ANSWER_SECONDS = 180.0
SETTLE_SECONDS = 420.0


@dataclass
class Report:
    """What a drill found."""

    submissions: int
    kills: int = 0
    answered: int = 0
    unanswered: int = 0
    vendor_jobs: int = 0
    simulated: int = 0
    """Jobs that policy placed on the simulator while a vendor was left alone, with the project's consent."""
    lost: int = 0
    double: int = 0
    false_merges: int = 0
    """Distinct intents of which two were told the same job."""
    unsettled: int = 0
    ledger_intact: bool = False
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    recorded: dict[str, int] = field(default_factory=dict)
    """Ledger entries by type, for what happened on the way."""

    @property
    def clean(self) -> bool:
        """Whether everything happened exactly once."""
        wrong = self.unanswered + self.lost + self.double + self.false_merges + self.unsettled
        return not wrong and self.ledger_intact


class Drill:
    """One run."""

    def __init__(self, arguments: argparse.Namespace, made: Gateway, vendors: dict[str, Fake]) -> None:
        self._arguments, self._gateway, self._fakes = arguments, made, vendors
        self._dice = random.Random(arguments.seed)
        self._report = Report(submissions=arguments.submissions)
        self._told: dict[str, str] = {}
        self._speakers: dict[str, speakers.Speaker] = {}

    def prepare(self) -> None:
        """Begin the deployment and give it its accounts; faults begin with the first submission."""
        self._gateway.init()
        if "aws" in self._fakes:
            asyncio.run(Calls(self._fakes["aws"].url)("s3", "create_bucket", Bucket=BUCKET))
        for vendor in self._fakes:
            attributes = ATTRIBUTES[vendor](self._fakes[vendor].told)
            added = ("vendors", "add", NAMES[vendor], "--name", vendor, *attributes)
            done = self._gateway.run(*added, given=SECRETS[vendor])
            assert done.returncode == 0, done.stderr
        self._gateway.start()
        self._speakers = {vendor: self._speaker(vendor) for vendor in self._fakes}
        for number, (vendor, fake) in enumerate(self._fakes.items()):
            submit = [{"match": SUBMIT[vendor], "kind": kind, "probability": share} for kind, share in FAULTS]
            others = [{"match": match, "kind": kind, "probability": share} for match, kind, share in OTHERS]
            fake.ask("faults", {"rules": [*submit, *others], "seed": self._arguments.seed + number})

    def _speaker(self, vendor: str) -> speakers.Speaker:
        key = self._gateway.key()
        if vendor == "aws":
            pair = self._gateway.json("env", "braket", "--key", key)
            return speakers.Braket(pair["AWS_ACCESS_KEY_ID"], pair["AWS_SECRET_ACCESS_KEY"])
        return {"ionq": speakers.Ionq, "ibm": speakers.Ibm}[vendor](key)

    async def run(self) -> Report:
        """Submit everything while the gateway is killed, then let it all come to an end and count."""
        began = time.monotonic()
        killer = asyncio.create_task(self._kill_at_times())
        timeout = aiohttp.ClientTimeout(total=60)
        connector = aiohttp.TCPConnector(limit=self._arguments.clients)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector, trust_env=False) as session:
            intents = iter(range(self._arguments.submissions))
            await asyncio.gather(*(self._client(session, intents) for _ in range(self._arguments.clients)))
        # Every kill is due by now; one that is under way has a gateway to bring up again.
        await killer
        self._ensure_up()
        await asyncio.to_thread(self._settle)
        self._count()
        self._report.seconds = round(time.monotonic() - began, 1)
        return self._report

    async def _client(self, session: aiohttp.ClientSession, intents: Any) -> None:
        for number in intents:
            vendor = list(self._fakes)[number % len(self._fakes)]
            name, speaker = f"intent-{number}", self._speakers[vendor]
            try:
                self._told[name] = await speakers.insist(
                    session, self._gateway.url, speaker, speaker.body(name), seconds=ANSWER_SECONDS
                )
                self._report.answered += 1
            except speakers.NoAnswerError as error:
                self._report.unanswered += 1
                print(f"{name}: {error}", file=sys.stderr)

    async def _kill_at_times(self) -> None:
        """Kill the supervisor, the serving process or all of them, spread over the submissions."""
        kills = self._arguments.kills
        for number in range(kills):
            due = self._arguments.submissions * (number + self._dice.random()) / kills
            while self._report.answered + self._report.unanswered < due:  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
            await asyncio.to_thread(self._kill, number)
            self._report.kills += 1

    def _kill(self, number: int) -> None:
        found = self._gateway.processes()
        match number % 3:
            case 0:
                self._gateway.kill()
            case 1:
                for process in found:
                    process.kill()
                self._gateway.kill()
            case _:
                # The serving process alone: its supervisor starts another.
                for process in found:
                    if "gateway.cli.serving" in process.command:
                        os.kill(process.pid, signal.SIGKILL)
        self._ensure_up()

    def _ensure_up(self) -> None:
        if self._gateway.process is None or self._gateway.process.poll() is not None:
            self._gateway.launch()
        try:
            self._gateway.wait_ready()
        except GatewayFailedError as error:
            print(f"the gateway did not come up: {error}", file=sys.stderr)

    def _settle(self) -> None:
        """Wait until every job has ended: the search for lost answers needs its time."""
        for fake in self._fakes.values():
            self._report.faults.update(Counter(self._report.faults) + Counter(fake.ask("state").get("faults", {})))
            fake.ask("faults", {"rules": []})
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            self._report.unsettled = self._unfinished()
            if not self._report.unsettled:
                return
            time.sleep(1)

    def _unfinished(self) -> int:
        query = "SELECT count(*) FROM job WHERE status NOT IN ('completed', 'failed', 'cancelled')"
        return int(self._read(query)[0][0])

    def _simulated(self) -> set[str]:
        return {row[0] for row in self._read("SELECT client_job_id FROM job WHERE upstream = 'aer'")}

    def _read(self, query: str) -> list[Any]:
        database = self._gateway.state_dir / "gateway.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def _count(self) -> None:
        found = Counter(name for fake in self._fakes.values() for job in fake.jobs() for name in _intents(job))
        report, simulated = self._report, self._simulated()
        report.vendor_jobs, report.simulated = sum(found.values()), len(simulated)
        runs = {name: found[name] + (job_id in simulated) for name, job_id in self._told.items()}
        report.lost = sum(1 for count in runs.values() if not count)
        report.double = sum(count - 1 for count in (found | runs).values() if count > 1)
        report.false_merges = len(self._told) - len(set(self._told.values()))
        report.ledger_intact = self._gateway.run("audit", "verify").returncode == 0
        kinds = Counter(entry["type"] for entry in self._entries())
        noted = (
            "job.permitted",
            "job.forwarded",
            "attempt.lost",
            "attempt.repeated",
            "attempt.claimed",
            "job.completed",
        )
        report.recorded = {kind: kinds[kind] for kind in (*noted, "job.failed", "vendor.degraded", "vendor.recovered")}

    def _entries(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = []
        while page := self._gateway.json("audit", "show", "--since", str(len(listed)), "--limit", "10000"):
            listed += page
        return listed


def _intents(job: dict[str, Any]) -> list[str]:
    """Find the intents in what a vendor tells of a job: its name, or its tags."""
    return [word for word in json.dumps(job).replace('"', " ").replace(",", " ").split() if word.startswith("intent-")]


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.drill.exactly_once", description=__doc__)
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--vendors", default="ionq,ibm,aws")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", action="store_true", help="write docs/reference/exactly-once.md")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the drill and print its report."""
    arguments = _arguments(given)
    vendors = arguments.vendors.split(",")
    with (
        tempfile.TemporaryDirectory() as folder,
        fakes(vendors, "--instant", "--queue-seconds", "0.2", "--run-seconds", "0.2") as started,
    ):
        adapters = {NAMES[vendor]: ADAPTERS[vendor](fake.url) for vendor, fake in started.items()}
        made = gateway(Path(folder), adapters)
        try:
            drill = Drill(arguments, made, started)
            drill.prepare()
            report = asyncio.run(drill.run())
        except BaseException:
            print(made.log()[-6000:], file=sys.stderr)
            raise
        finally:
            made.discard()
    print(json.dumps(asdict(report), indent=2))
    if arguments.page:
        exactly_once_page.write(asdict(report), clean=report.clean, seed=arguments.seed)
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
