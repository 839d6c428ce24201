"""What a page of the documentation shows, run as its reader would: with `gateway` on the path, stopping at an error."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def blocks(page: str, fence: str = "sh run") -> list[str]:
    """Give what stands in the fenced blocks of one kind, in order."""
    return re.findall(rf"^```{re.escape(fence)}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def shell(
    script: str, environment: Mapping[str, str], *, place: Path, seconds: float = 240, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run commands in a directory; a test fails with what they said when one of them fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=place,
        env={**environment, "PATH": path, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    assert told.returncode == 0, told.stderr + told.stdout
    return told
