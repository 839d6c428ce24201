"""Where and with what the numbers were measured: they mean nothing without it."""

import os
import platform
import sqlite3
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("litestar", "granian", "uvloop", "sqlalchemy", "gordon-to-regorus", "cryptography", "qiskit", "qiskit-aer")


def described() -> Mapping[str, str]:
    """Describe the machine and the versions."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{_field('/proc/meminfo', 'MemTotal')} in all",
        "system": f"{platform.system()} {platform.release()}",
        "load when it began": " ".join(f"{average:.2f}" for average in os.getloadavg()),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    return _field("/proc/cpuinfo", "model name") or platform.machine()


def _field(path: str, name: str) -> str:
    lines = Path(path).read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
