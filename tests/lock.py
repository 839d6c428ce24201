"""Write every lock file anew: hash-pinned, for every platform, without any address or machine path.

Run by `make lock`. uv resolves; nothing here chooses a version.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ("tests/sdk/environments", "tests/bench")
"""Where environments of their own are described: each `.in` file gets a lock beside it."""
UNIVERSAL = ("--universal", "--python-version", "3.11")
PINNED = ("--generate-hashes", "--upgrade")
PLAIN = ("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet")


def sources() -> dict[Path, tuple[str, ...]]:
    """Give each lock file and what it is resolved from."""
    environments = {
        path.relative_to(ROOT).with_suffix(".lock"): (str(path.relative_to(ROOT)),)
        for folder in ENVIRONMENTS
        for path in sorted((ROOT / folder).glob("*.in"))
    }
    return {
        Path("requirements.lock"): ("pyproject.toml",),
        Path("requirements-dev.lock"): ("pyproject.toml", "--group", "dev"),
        Path("requirements-bootstrap.lock"): ("--group", "bootstrap"),
        **environments,
    }


def main() -> None:
    """Resolve each lock file and say which."""
    uv = Path(sys.executable).with_name("uv")
    for lock, source in sources().items():
        print(f"{lock} from {' '.join(source)}", flush=True)  # noqa: T201  # a program for people
        command = [uv, "pip", "compile", *UNIVERSAL, *PINNED, *PLAIN, *source, "--output-file", lock]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
