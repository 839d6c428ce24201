"""Real OPA servers for tests, started with what an operator would give them, and ended with the test."""

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import eventually, free_port

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Opa:
    """One OPA server on loopback, in a directory of its own."""

    def __init__(
        self, program: str, directory: Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> None:
        self.program, self.directory, self.arguments = program, directory, arguments
        self.environment = environment or {}
        self.address = f"127.0.0.1:{free_port()}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def start(self, *, health: str = "/health") -> "Opa":
        command = [self.program, "run", "--server", "--addr", self.address, "--skip-version-check", *self.arguments]
        with (self.directory / "opa.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.directory, stderr=log, stdout=log, env=self.environment)
        eventually(lambda: self.answers(health), seconds=20)
        return self

    def answers(self, path: str) -> bool:
        try:
            with _DIRECT.open(f"{self.url}{path}", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def log(self) -> str:
        return (self.directory / "opa.log").read_text()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None


@contextmanager
def running(program: str, directory: Path, *arguments: str) -> Iterator[Opa]:
    server = Opa(program, directory, *arguments)
    try:
        yield server.start()
    finally:
        server.stop()
