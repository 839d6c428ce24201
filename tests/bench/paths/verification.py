"""Offline verification of many entries, from a file as an auditor gets it."""

import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import msgspec

from gateway.audit.merkle import LEAF_HEAD, NOTHING_BEFORE, Frontier, leaf_hash, leaf_tail
from gateway.audit.verify import LINE_START, Header, entry_line, verify
from tests.bench import bodies
from tests.bench.deployment import bearer, deploy, submission
from tests.bench.outcome import Budget, Outcome, Series
from tests.bench.scale import Scale
from tests.bench.traffic import Plan, drive

TITLE = "Verification"
_JOBS = 20


def measure(scale: Scale) -> Outcome:
    """Verify the same file again and again, in both depths."""
    events = _real_events(scale)
    path = scale.scratch / "ledger.jsonl"
    _write(path, list(islice(cycle(events), scale.entries)))
    chain, strict = [], []
    for _ in range(scale.runs):
        chain.append(_rate(path, strict=False))
        strict.append(_rate(path, strict=True))
    fast = Series(what="verify: chain and Merkle root", unit="entries/s", values=tuple(chain))
    return Outcome(
        series=(fast, Series(what="verify: canonical form too", unit="entries/s", values=tuple(strict))),
        budgets=(Budget(promise="at least 300 000 entries/s from an export", found=fast, at_least=300_000.0),),
        note=(
            f"{scale.entries:,} entries of {path.stat().st_size // scale.entries} bytes on average, chained anew from "
            "the real events of jobs that were permitted, forwarded and completed; one process, from a file."
        ),
    )


def _real_events(scale: Scale) -> list[bytes]:
    """Run a few jobs and take what the ledger says of them."""
    deployment = deploy(scale.scratch / "verification")
    with deployment.running() as gateway:
        request = submission(bearer(gateway, deployment.keys[0]), bodies.bell("sink_done"))
        drive(Plan(port=gateway.port, requests=[request], connections=1, seconds=60, most=_JOBS))
    exported = gateway.cli("audit", "export").encode().splitlines()
    return [line.partition(LEAF_HEAD)[2].rpartition(b',"prev":"')[0] for line in exported if b'"type":"job.' in line]


def _write(path: Path, events: Sequence[bytes]) -> None:
    frontier = Frontier()
    lines = list(_lines(events, frontier))
    last = lines[-1].removeprefix(LINE_START)[:64].decode()
    header = Header(origin="bench", size=frontier.size, root=frontier.root().hex(), last=last)
    path.write_bytes(msgspec.json.encode(header, order="sorted") + b"\n" + b"".join(lines))


def _lines(events: Sequence[bytes], frontier: Frontier) -> Iterator[bytes]:
    previous = NOTHING_BEFORE
    for seq, event in enumerate(events):
        leaf = LEAF_HEAD + event + leaf_tail(previous, seq)
        previous = leaf_hash(leaf)
        frontier.append(previous)
        yield entry_line(previous.hex().encode(), leaf)


def _rate(path: Path, *, strict: bool) -> float:
    began = time.perf_counter()
    with path.open("rb") as lines:
        report = verify(lines, strict=strict)
    assert report.ok, report.findings[:3]
    return report.entries / (time.perf_counter() - began)
