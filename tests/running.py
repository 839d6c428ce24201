"""A real gateway for tests: its own state, free ports, started and killed as an operator would.

Everything goes through the command line and the network; nothing reaches into the process.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tests import processes

READY_SECONDS = 60.0
ENDED = frozenset({"Completed", "Failed", "Cancelled"})
"""What a job's status is in IBM's words once it does not change any more."""
API = "/ibm/api/v1"
GATEWAY = (sys.executable, "-m", "gateway")

Value = TypeVar("Value")


class GatewayFailedError(Exception):
    """The gateway did not do what was asked; what it said is the message."""


class NeverTrueError(AssertionError):
    """What was waited for did not come."""


def free_port() -> int:
    """Give a TCP port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def eventually(ask: Callable[[], Value], *, seconds: float = 30.0, pause: float = 0.02) -> Value:
    """Ask again and again until the answer is true, and give it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise NeverTrueError(f"still {answer!r} after {seconds:g} s")
        time.sleep(pause)


@dataclass
class Reply:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body."""
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """What the SDK would show of a refusal."""
        return str(self.json()["error"]["message"])

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.json()["error"]["code"])


@dataclass
class Gateway:
    """One deployment in a directory of its own."""

    state_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    management_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    admin_key: str = ""
    trust: ssl.SSLContext | None = None
    """Whom clients trust, where the gateway speaks https."""

    @property
    def url(self) -> str:
        """Where vendor SDKs reach it."""
        scheme = "https" if "GATEWAY_SERVER__TLS__CERTIFICATE" in self.settings else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the gateway's own processes get."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        return {
            **kept,
            "GATEWAY_STATE_DIR": str(self.state_dir),
            "GATEWAY_SERVER__PORT": str(self.port),
            "GATEWAY_MANAGEMENT__PORT": str(self.management_port),
            # Entries of its own would stand between those that tests count.
            "GATEWAY_SELFTEST__SUBMISSIONS": "false",
            **self.settings,
        }

    # ── the command line ─────────────────────────────────────────────────────────────────────────
    def run(self, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command, whatever becomes of it."""
        done = subprocess.run(
            [*GATEWAY, *arguments],
            env=self.environment,
            input=given,
            capture_output=True,
            check=False,
            timeout=120,
            cwd=self.state_dir,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def cli(self, *arguments: str, check: bool = True) -> str:
        """Run one command and give its stdout."""
        done = self.run(*arguments)
        if check and done.returncode:
            raise GatewayFailedError(f"gateway {' '.join(arguments)}: {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run one command with `--json` and read what it prints."""
        return json.loads(self.cli(*arguments, "--json"))

    def init(self) -> "Gateway":
        """Begin the deployment."""
        self.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.admin_key = self.json("init")["key"]
        return self

    def key(self, *options: str, principal: str = "admin", project: str = "default", role: str = "scientist") -> str:
        """Make a key."""
        made = self.json("keys", "new", "--principal", principal, "--project", project, "--role", role, *options)
        return str(made["key"])

    def entries(self, type_: str | None = None) -> list[dict[str, Any]]:
        """List the ledger's entries, oldest first."""
        kind = ("--type", type_) if type_ else ()
        return list(self.json("audit", "show", "--since", "0", "--limit", "10000", *kind))

    # ── its life ─────────────────────────────────────────────────────────────────────────────────
    def start(self) -> "Gateway":
        """Serve, and wait until it is ready."""
        self.launch()
        self.wait_ready()
        return self

    def launch(self) -> subprocess.Popen[bytes]:
        """Serve, without waiting for anything."""
        with (self.state_dir / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*GATEWAY, "serve"], env=self.environment, stdout=subprocess.DEVNULL, stderr=log, cwd=self.state_dir
            )
        return self.process

    def wait_ready(self) -> None:
        """Wait until `/health/ready` says so."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                break
            if self.ready():
                return
            time.sleep(0.02)
        raise GatewayFailedError((self.state_dir / "log").read_text()[-4000:])

    def ready(self) -> bool:
        """Ask once."""
        try:
            url = f"http://127.0.0.1:{self.management_port}/health/ready"
            with _DIRECT.open(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self) -> str:
        """Read the metrics page."""
        with _DIRECT.open(f"http://127.0.0.1:{self.management_port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def processes(self) -> list[processes.Process]:
        """List the supervisor and everything below it, the supervisor first."""
        return processes.tree(self.process.pid) if self.process is not None else []

    def stop(self) -> int:
        """Stop in order; gives the exit status."""
        status = 0
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(30)
            self.process = None
        return status

    def kill(self) -> None:
        """Kill the supervisor alone; the kernel takes the rest along."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def discard(self) -> None:
        """Leave no process behind, whatever state they are in."""
        left = self.processes()
        self.kill()
        for process in left:
            process.kill()

    def restart(self) -> None:
        """Stop in order and start again."""
        self.stop()
        self.start()

    def log(self) -> str:
        """Give what it logged."""
        path = self.state_dir / "log"
        return path.read_text() if path.exists() else ""

    # ── the front door ───────────────────────────────────────────────────────────────────────────
    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        token: str | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request; a refusal is an answer like any other."""
        with self.client(key=key, token=token) as client:
            return client(method, path, body=body, headers=headers)

    @contextlib.contextmanager
    def client(self, *, key: str | None = None, token: str | None = None) -> Iterator["Client"]:
        """Keep one connection open for several requests."""
        connection = (
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            if self.url.startswith("http:")
            else http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.trust)
        )
        with contextlib.closing(connection):
            yield Client(connection, f"apikey {key}" if key else f"Bearer {token}" if token else None)

    def submit(self, key: str, body: Any) -> str:
        """Submit a job that must be taken, and give its id."""
        reply = self.request("POST", f"{API}/jobs", key=key, body=body)
        assert reply.status == 200, reply.body
        return str(reply.json()["id"])

    def job(self, key: str, job_id: str) -> Any:
        """Show a job."""
        reply = self.request("GET", f"{API}/jobs/{job_id}?exclude_params=true", key=key)
        assert reply.status == 200, reply.body
        return reply.json()

    def ended(self, key: str, job_id: str, *, seconds: float = 60.0) -> Any:
        """Poll a job until it has ended, and show it."""
        return eventually(
            lambda: job if (job := self.job(key, job_id))["status"] in ENDED else None, seconds=seconds, pause=0.05
        )


@dataclass
class Client:
    """One connection of one caller."""

    connection: http.client.HTTPConnection
    authorization: str | None

    def __call__(self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Send one request; what is no bytes is sent as JSON."""
        sent = {"content-type": "application/json", **(headers or {})}
        if self.authorization is not None:
            sent["authorization"] = self.authorization
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        self.connection.request(method, path, body=data, headers=sent)
        answer = self.connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Past any proxy that the environment names."""
