"""Runs a drill of `tests/drill` as anybody would, and reads its report."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def drill(name: str, *options: str, seconds: float) -> dict[str, Any]:
    """Run one to its end; whatever it complains about becomes part of the failure."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.drill.{name}", *options],
        capture_output=True,
        check=False,
        timeout=seconds,
        cwd=ROOT,
    )
    assert done.returncode == 0, f"{done.stdout.decode()[-4000:]}\n{done.stderr.decode()[-4000:]}"
    report: dict[str, Any] = json.loads(done.stdout)
    return report
