"""The whole story once, for a stranger: a deployment, a scientist with the stock IBM SDK, a refusal, the proof.

Run by `make demo`. State lies in a temporary directory and is gone afterwards. Exits 0 when every step came
out as told, 1 otherwise, with what went wrong.
"""

import argparse
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
GATEWAY = (sys.executable, "-m", "gateway")
START_SECONDS = 60.0
STOP_SECONDS = 20.0
PAYLOAD = b'"pubs"'
"""Stands in every body that the SDK submits."""
LIMITS = "org/limits/data.json"
SHOTS = 20_000
"""More than the scientist's first job asks for, and less than her last."""


class DemoError(Exception):
    """A step did not come out as told."""


class Stage:
    """One deployment in a temporary directory, and the commands that run in it."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "gateway.log"
        self.overrides = directory / "policy"
        port, self.management_port = _free_ports(2)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)} | {
            "HOME": str(directory),  # a saved IBM account of this machine's owner stays out of the story
            "GATEWAY_STATE_DIR": str(directory / "state"),
            "GATEWAY_SERVER__PORT": str(port),
            "GATEWAY_MANAGEMENT__PORT": str(self.management_port),
            "GATEWAY_LEDGER__ORIGIN": "demo.example/ledger",
            "GATEWAY_POLICY__OVERRIDES": str(self.overrides),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }

    def gateway(self, *arguments: str) -> str:
        """Run one command of the gateway; show it, and give what it answered."""
        print(f"  $ gateway {shlex.join(arguments)}", flush=True)
        return self.run([*GATEWAY, *arguments])

    def run(self, command: Sequence[str], *, text: str = "") -> str:
        """Run a program to its end and give its output."""
        done = subprocess.run(
            command, env=self.environment, input=text, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode != 0:
            raise DemoError(f"{command[-1]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve while the block runs; stop in order afterwards."""
        print("  $ gateway serve &", flush=True)
        with self.log.open("wb") as log:
            server = subprocess.Popen([*GATEWAY, "serve"], env=self.environment, stdout=log, stderr=log)
        try:
            self._wait_until_ready(server)
            yield
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()

    def logged(self) -> str:
        """Give the end of what the gateway logged."""
        return f"the gateway logged: {self.log.read_text('utf-8')[-4000:]}" if self.log.exists() else ""

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise DemoError(f"gateway serve ended with {server.returncode}")
            if self._ready():
                return
            time.sleep(0.1)
        raise DemoError(f"gateway serve was not ready in {START_SECONDS:.0f} s")

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.management_port, timeout=2)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


_FOREIGN = ("GATEWAY_", "QISKIT_IBM_", "QISKIT_", "IAM_URL", "GLOBAL_SEARCH_URL", "GLOBAL_CATALOG_URL")
"""Variables of the machine's owner that would change the story."""


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _chapter(number: int, text: str) -> None:
    print(f"\n{number}. {textwrap.fill(text, 110, subsequent_indent='   ')}", flush=True)


def _show(text: str) -> None:
    print(textwrap.indent(text.rstrip(), "    "), flush=True)


def tell(stage: Stage, sdk: Path) -> None:
    """Tell the story, step by step."""
    _chapter(1, "An operator makes a deployment: a master key, a database, an empty ledger, a first administrator.")
    stage.gateway("init")
    _chapter(2, f"A security engineer lowers a limit, in one file of data: {SHOTS:,} shots per circuit, no more.")
    _limit_shots(stage.overrides / LIMITS)
    _chapter(3, "The administrator makes a project, a scientist, and a key for her. She never sees a vendor's key.")
    stage.gateway("projects", "new", "bell-lab", "--team", "quantum foundations", "--classification", "internal")
    stage.gateway("principals", "new", "ada")
    key = stage.gateway("keys", "new", "--principal", "ada", "--project", "bell-lab", "--role", "scientist").strip()

    with stage.serving():
        _chapter(4, "Ada points the stock IBM SDK at the gateway, by environment variables only, and runs her script.")
        print('  $ eval "$(gateway env ibm --key -)" && python scientist.py', flush=True)
        script = 'eval "$(gateway env ibm --key -)" && exec "$0" "$1"'
        _show(stage.run(["bash", "-euc", script, str(sdk), str(HERE / "scientist.py")], text=f"{key}\n"))
        _chapter(5, "No vendor is connected, so her jobs ran on a simulator, and everything says so.")
        _show(stage.gateway("jobs", "list"))
    _expect_no_circuits(stage)

    _chapter(6, "An auditor reads what was decided, the jobs by their ids. Each permit was there before anything ran.")
    _show(stage.gateway("audit", "show", "--limit", "30"))
    _chapter(7, "And proves it, from an export, without the gateway and without its database.")
    export = stage.log.with_name("ledger.jsonl")
    stage.gateway("audit", "export", "--output", str(export))
    stage.gateway("audit", "verify", str(export))
    print("  every hash, every link and the Merkle root hold")
    _chapter(8, "Had somebody changed one word of it, the proof would fail.")
    _tamper(export)
    _expect_findings(stage, export)


def _limit_shots(path: Path) -> None:
    table = json.loads((HERE.parents[1] / "policies" / LIMITS).read_text("utf-8"))
    table["experimental"]["default"]["shots_per_circuit"] = SHOTS
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(table, indent=2), "utf-8")
    print(f"  policy/{LIMITS}: experimental.default.shots_per_circuit = {SHOTS}", flush=True)


def _expect_no_circuits(stage: Stage) -> None:
    files = sorted(Path(stage.environment["GATEWAY_STATE_DIR"]).glob("*.sqlite3*"))
    if any(PAYLOAD in file.read_bytes() for file in files):
        raise DemoError("a payload lies unencrypted in the database")
    print(f"  $ grep -c '{PAYLOAD.decode()}' {files[0].name}    # a word that every submitted body has")
    print("    0: payloads, facts and results are sealed", flush=True)


def _tamper(export: Path) -> None:
    export.write_bytes(export.read_bytes().replace(b'"job.denied"', b'"job.failed"', 1))


def _expect_findings(stage: Stage, export: Path) -> None:
    try:
        stage.gateway("audit", "verify", str(export))
    except DemoError as error:
        _show("\n".join(str(error).splitlines()[1:]))
        return
    raise DemoError("a changed ledger was not noticed")


def main() -> int:
    """Tell the story in a temporary directory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sdk", type=Path, required=True, help="Python of an environment with qiskit-ibm-runtime")
    sdk: Path = parser.parse_args().sdk
    directory = Path(tempfile.mkdtemp(prefix="gateway-demo-"))
    began = time.monotonic()
    stage = Stage(directory)
    try:
        tell(stage, sdk)
    except (DemoError, subprocess.TimeoutExpired) as error:
        print(f"\nthe demo failed: {error}\n{stage.logged()}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"\nThat is all: judged, sealed, recorded, run, answered, proven. {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
