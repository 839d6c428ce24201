"""Offline verification of many entries, from a file as an auditor gets it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import msgspec

from gateway.audit.merkle import LEAF_HEAD, NOTHING_BEFORE, Frontier, leaf_hash, leaf_tail
from gateway.audit.verify import LINE_START, Header, entry_line, verify
from gateway.verifier import qgw_verify
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
    found: dict[str, list[float]] = {}
    for _ in range(scale.runs):
        for what, rate in _WAYS.items():
            found.setdefault(what, []).append(rate(path))
    series = {what: Series(what=what, unit="entries/s", values=tuple(rates)) for what, rates in found.items()}
    return Outcome(
        series=tuple(series.values()),
        budgets=(
            Budget(promise="at least 300 000 entries/s from an export", found=series[_OURS], at_least=300_000.0),
            Budget(promise="as many by the verifier alone", found=series[_ALONE], at_least=300_000.0),
        ),
        note=(
            f"{scale.entries:,} entries of {path.stat().st_size // scale.entries} bytes on average, chained anew from "
            "the real events of jobs that were permitted, forwarded and completed; one process, from a file, by its "
            "CPU time."
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


def _ours(path: Path, *, strict: bool) -> float:
    began = time.process_time()
    with path.open("rb", buffering=1 << 20) as lines:
        report = verify(lines, strict=strict)
    assert report.ok, report.findings[:3]
    return report.entries / (time.process_time() - began)


def _alone(path: Path, *, strict: bool) -> float:
    """Verify as `qgw_verify.py` does; what its process needs to start does not grow with the ledger."""
    audit = qgw_verify.Audit(None, strict=strict)
    began = time.process_time()
    qgw_verify.run(audit, [path], checkpoints=[], known=[])
    assert not audit.report.findings, audit.report.findings[:3]
    return audit.report.entries / (time.process_time() - began)


_OURS, _ALONE = "verify: chain and Merkle root", "qgw_verify.py: chain and Merkle root"
_WAYS: Mapping[str, Callable[[Path], float]] = {
    _OURS: partial(_ours, strict=False),
    "verify: canonical form too": partial(_ours, strict=True),
    _ALONE: partial(_alone, strict=False),
    "qgw_verify.py: canonical form too": partial(_alone, strict=True),
}
