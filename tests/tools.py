"""Obtain the external tools of `tests/tools.toml`, each into a directory of the cache named after its exact pin.

    python tests/tools.py list
    python tests/tools.py install [--all | NAME …]     without a name: what is required
    python tests/tools.py where NAME

Standard library only, because `make` runs this before anything else is there. A directory counts once it
holds the mark written last, so an interrupted installation is simply done again.
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quantum-governance-gateway" / "tools"
MARK = ".complete"


class MissingToolError(Exception):
    """A tool that is not here and cannot be obtained; the message says why and what would help."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One entry of `tests/tools.toml`."""

    name: str
    about: str
    kind: str
    required: bool
    lock: str = ""
    program: str = ""
    module: str = ""
    version: str = ""
    release: str = ""
    package: str = ""
    places: Sequence[str] = ()

    @property
    def home(self) -> Path:
        """Where it is kept: a changed pin is another directory, so that nothing stale is ever used."""
        pin = (ROOT / self.lock).read_bytes() if self.lock else self.version.encode()
        interpreter = sys.version.split()[0].encode()
        return CACHE / f"{self.name}-{hashlib.sha256(pin + interpreter).hexdigest()[:12]}"


def load(path: Path = ROOT / "tests" / "tools.toml") -> Mapping[str, Tool]:
    """Read the list, in its order."""
    entries = tomllib.loads(path.read_text("utf-8"))
    return {name: Tool(name=name, **entry) for name, entry in entries.items()}


def find(tool: Tool) -> Path | None:
    """Give the program (of an environment, its Python), or nothing when it is not here."""
    if tool.kind in {"environment", "go"}:
        inside = tool.home / "bin" / (tool.program or "python")
        return inside if (tool.home / MARK).exists() else None
    beside = [candidate for place in tool.places for candidate in Path("/").glob(f"{place[1:]}/{tool.program}")]
    on_path = shutil.which(tool.program)
    return Path(on_path).resolve() if on_path else max(beside, default=None, key=_newest)


def install(tool: Tool) -> Path:
    """Obtain a tool unless it is here, and give its program.

    Raises:
        MissingToolError: it cannot be had on this machine.
    """
    if (found := find(tool)) is None:
        _say(tool, f"obtaining {tool.about}")
        _OBTAIN[tool.kind](tool)
        found = find(tool)
    if found is None:
        raise MissingToolError(f"{tool.name}: {tool.program} is still not found after its installation")
    _say(tool, str(found))
    return found


def _environment(tool: Tool) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        raise MissingToolError(f"{tool.name}: uv is missing; run make setup")
    _run(tool, [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(tool.home)])
    python = str(tool.home / "bin" / "python")
    _run(tool, [uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(ROOT / tool.lock)])
    (tool.home / MARK).touch()


def _go(tool: Tool) -> None:
    (tool.home / "bin").mkdir(parents=True, exist_ok=True)
    if go := shutil.which("go"):
        settings = {"GOBIN": str(tool.home / "bin"), "CGO_ENABLED": "0"}
        _run(tool, [go, "install", f"{tool.module}@{tool.version}"], settings)
    else:
        _release(tool)
    (tool.home / MARK).touch()


def _release(tool: Tool) -> None:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    url = tool.release.format(version=tool.version, system=platform.system().lower(), machine=machine)
    program = tool.home / "bin" / tool.program
    try:
        content, published = _download(url), _download(f"{url}.sha256").split()[0].decode("ascii")
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise MissingToolError(f"{tool.name}: there is no Go here and its release cannot be had: {error}") from error
    if hashlib.sha256(content).hexdigest() != published:
        raise MissingToolError(f"{tool.name}: the download does not have the published SHA-256; nothing was kept")
    program.write_bytes(content)
    program.chmod(0o755)


def _debian(tool: Tool) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingToolError(f"{tool.name}: not installed; as root: apt-get install {tool.package}")
    quietly = {"DEBIAN_FRONTEND": "noninteractive"}
    _run(tool, ["apt-get", "update", "-qq"], quietly)
    _run(tool, ["apt-get", "install", "-y", "-qq", "--no-install-recommends", tool.package], quietly)


def _found(tool: Tool) -> None:
    raise MissingToolError(f"{tool.name}: not installed; put {tool.program} on the PATH")


_OBTAIN: Mapping[str, Callable[[Tool], None]] = {
    "environment": _environment,
    "go": _go,
    "debian": _debian,
    "found": _found,
}


def _newest(program: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in program.parts if part.isdecimal())


def _download(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310  # the address stands in tools.toml
        content: bytes = answer.read()
        return content


def _run(tool: Tool, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    _say(tool, " ".join(command))
    try:
        subprocess.run(command, check=True, stdout=sys.stderr, env={**os.environ, **(environment or {})})
    except subprocess.CalledProcessError as error:
        raise MissingToolError(f"{tool.name}: {command[0]} ended with {error.returncode}; see above") from error


def _say(tool: Tool, text: str) -> None:
    print(f"{tool.name}: {text}", file=sys.stderr, flush=True)  # noqa: T201  # a program for people


def _known(name: str) -> Tool:
    try:
        return load()[name]
    except KeyError:
        raise argparse.ArgumentTypeError(f"no such tool; tests/tools.toml has {', '.join(load())}") from None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The external tools of the tests.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="say what is here")
    installing = commands.add_parser("install", help="obtain what is missing")
    installing.add_argument("tools", nargs="*", type=_known, metavar="NAME", help="default: all that are required")
    installing.add_argument("--all", action="store_true", help="optional tools too")
    where = commands.add_parser("where", help="print the path of one tool")
    where.add_argument("tools", nargs=1, type=_known, metavar="NAME")
    return parser.parse_args()


def _list() -> bool:
    for tool in load().values():
        _say(tool, f"{find(tool) or 'missing'} ({'required' if tool.required else 'optional'}; {tool.about})")
    return True


def _install(tools: Sequence[Tool]) -> bool:
    complete = True
    for tool in tools:
        try:
            install(tool)
        except MissingToolError as error:
            print(error, file=sys.stderr)  # noqa: T201
            complete &= not tool.required
    return complete


def _where(tool: Tool) -> bool:
    if (program := find(tool)) is not None:
        print(program)  # noqa: T201
    return program is not None


def main() -> int:
    """Exit 0 when everything that must be here is, 1 when something is not."""
    arguments = _arguments()
    if arguments.command == "list":
        return int(not _list())
    if arguments.command == "where":
        return int(not _where(arguments.tools[0]))
    wanted = arguments.tools or [tool for tool in load().values() if tool.required or arguments.all]
    return int(not _install(wanted))


if __name__ == "__main__":
    sys.exit(main())
