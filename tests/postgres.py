"""A PostgreSQL server of the tests' own: in a temporary directory, on a Unix socket, gone afterwards.

PostgreSQL refuses to run as root; started by root it runs as `postgres`, or as `nobody`.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote


class Server:
    """One server. As a context manager it runs inside the `with` block."""

    def __init__(self, initdb: Path, *, durable: bool = False) -> None:
        self._programs = initdb.parent
        self._options = f"-c listen_addresses='' -c max_connections=100 -c fsync={'on' if durable else 'off'}"
        self._directory = Path()
        self._count = 0

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix="qgw-postgres-"))
        if user := _unprivileged():
            shutil.chown(self._directory, user)
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self._data)
        shutil.rmtree(self._directory)

    def restart(self) -> None:
        """Stop it as a crash does, and start it again; every connection breaks."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self._data)
        self._start()

    def create(self) -> str:
        """Make an empty database; gives its name."""
        self._count += 1
        name = f"test_{self._count}"
        self.run_sql(f"CREATE DATABASE {name}")
        return name

    def url(self, name: str) -> str:
        """Give the address of a database."""
        return f"postgresql+asyncpg://postgres@/{name}?host={quote(str(self._directory), safe='')}"

    def run_sql(self, statement: str, name: str = "postgres") -> None:
        """Run one statement as the superuser."""
        where = ("-h", str(self._directory), "-U", "postgres", "-d", name)
        self._run("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", *where, "-c", statement)

    def _start(self) -> None:
        options = f"{self._options} -c unix_socket_directories={self._directory}"
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", str(self._directory / "log"), "-o", options)

    @property
    def _data(self) -> str:
        return str(self._directory / "data")

    def _run(self, program: str, *arguments: str) -> None:
        identity: dict[str, Any] = {}
        if user := _unprivileged():
            identity = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
        command = [str(self._programs / program), *arguments]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
        # The server inherits standard output; a pipe there would never end.
        with (self._directory / "output").open("ab") as output:
            subprocess.run(
                command, check=True, cwd=self._directory, env=environment, stdout=output, stderr=output, **identity
            )


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
