"""A real gateway for tests: its own state, free ports, started and killed as an operator would.

Everything goes through the command line and the network; nothing reaches into the process.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

READY_SECONDS = 30.0
GATEWAY = (sys.executable, "-m", "gateway")


class GatewayFailedError(Exception):
    """The gateway did not do what was asked; what it said is the message."""


def free_port() -> int:
    """Give a TCP port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Reply:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body."""
        return json.loads(self.body)


@dataclass
class Gateway:
    """One deployment in a directory of its own."""

    state_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    management_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    admin_key: str = ""

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
            **self.settings,
        }

    def cli(self, *arguments: str, check: bool = True) -> str:
        """Run one command and give its stdout."""
        done = subprocess.run(
            [*GATEWAY, *arguments], env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )
        if check and done.returncode:
            raise GatewayFailedError(f"gateway {' '.join(arguments)}: {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run one command with `--json` and read what it prints."""
        return json.loads(self.cli(*arguments, "--json"))

    def init(self) -> "Gateway":
        """Begin the deployment."""
        self.admin_key = self.json("init")["key"]
        return self

    def key(self, *options: str, principal: str = "admin", project: str = "default", role: str = "scientist") -> str:
        """Make a key."""
        made = self.json("keys", "new", "--principal", principal, "--project", project, "--role", role, *options)
        return str(made["key"])

    def start(self) -> "Gateway":
        """Serve, and wait until it is ready."""
        self.process = subprocess.Popen(
            [*GATEWAY, "serve"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=(self.state_dir / "log").open("ab"),
        )
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Wait until `/health/ready` says so."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                break
            if self.ready():
                return
            time.sleep(0.05)
        raise GatewayFailedError((self.state_dir / "log").read_text()[-4000:])

    def ready(self) -> bool:
        """Ask once."""
        try:
            url = f"http://127.0.0.1:{self.management_port}/health/ready"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self) -> str:
        """Read the metrics page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.management_port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def stop(self) -> None:
        """Stop in order."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def kill(self) -> None:
        """Kill the supervisor alone; the kernel takes the rest along."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def restart(self) -> None:
        """Stop in order and start again."""
        self.stop()
        self.start()

    def log(self) -> str:
        """Give what it logged."""
        return (self.state_dir / "log").read_text()

    def request(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        token: str | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request; an HTTP error is an answer like any other."""
        sent = {"content-type": "application/json", **(headers or {})}
        if key or token:
            sent["authorization"] = f"apikey {key}" if key else f"Bearer {token}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=sent, method=method)  # noqa: S310  # loopback
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return Reply(answer.status, dict(_lower(answer.headers)), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, dict(_lower(error.headers)), error.read())


def _lower(headers: Any) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in headers.items()]
