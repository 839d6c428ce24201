"""`python -m tests.bench [--quick] [NAME…]`: measure, tell, and write docs/reference/benchmarks.md.

The page is written by a whole, full run only; anything else just prints. Exits 0 when everything was
measured, budgets kept or not, and 1 when a benchmark failed.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from tests.bench import machine, page
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
    described = machine.described()
    outcomes: dict[str, Outcome] = {}
    for name in names:
        if (outcome := _measured(name, scale_of)) is not None:
            outcomes[PATHS[name].TITLE] = outcome
    if len(outcomes) == len(PATHS) and not arguments.quick:
        PAGE.write_text(page.written(outcomes, described))
        print(f"written: {PAGE}")
    return int(len(outcomes) != len(names))


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
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs; writes nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
