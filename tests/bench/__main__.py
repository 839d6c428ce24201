"""`python -m tests.bench [--quick | --page] [NAME…]`: measure, tell, and publish in docs/reference/benchmarks.md.

Only what is measured with `--page` is published, and stands there until it is measured so again. Exits 0 when
everything was measured, budgets kept or not, and 1 when a benchmark failed.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from tests.bench import machine, page, record
from tests.bench.outcome import Outcome
from tests.bench.paths import (
    appends,
    decisions,
    polls,
    replay,
    reservations,
    searches,
    simulation,
    soak,
    startup,
    submissions,
    sustained,
    verification,
)
from tests.bench.scale import Scale, full, quick

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "benchmarks.md"
PATHS: Mapping[str, ModuleType] = {
    "polls": polls,
    "submissions": submissions,
    "sustained": sustained,
    "simulation": simulation,
    "decisions": decisions,
    "appends": appends,
    "reservations": reservations,
    "replay": replay,
    "verification": verification,
    "searches": searches,
    "soak": soak,
    "startup": startup,
}


def main() -> int:
    """Measure what was asked for."""
    arguments = _arguments()
    names: Sequence[str] = arguments.names or tuple(PATHS)
    scale_of: Callable[[Path], Scale] = quick if arguments.quick else full
    outcomes: dict[str, Outcome] = {}
    for name in names:
        described = machine.described()
        if (outcome := _measured(name, scale_of)) is None:
            continue
        outcomes[name] = outcome
        if arguments.page:
            _publish(PATHS[name].TITLE, record.today(outcome, described))
    return int(len(outcomes) != len(names))


def _publish(title: str, measured: record.Measured) -> None:
    record.keep({title: measured})
    PAGE.write_text(page.written(record.load(), [path.TITLE for path in PATHS.values()]))
    print(f"published: {title}", flush=True)


def _measured(name: str, scale_of: Callable[[Path], Scale]) -> Outcome | None:
    """Measure one path in a directory of its own; a failure is told, and the others go on."""
    module, began = PATHS[name], time.monotonic()
    print(f"\n{name}: measuring…", flush=True)
    with tempfile.TemporaryDirectory(prefix="qgw-bench-") as scratch:
        try:
            outcome: Outcome = module.measure(scale_of(Path(scratch)))
        except Exception:
            traceback.print_exc()
            return None
    print(page.told(module.TITLE, outcome))
    print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    return outcome


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure what the gateway costs.")
    parser.add_argument("names", nargs="*", choices=[*PATHS, []], metavar="NAME", help=f"of {', '.join(PATHS)}")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--quick", action="store_true", help="fewer and shorter runs, too little to publish")
    either.add_argument("--page", action="store_true", help="publish what was found")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
