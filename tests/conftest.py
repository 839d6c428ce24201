"""What every test lives under: no network but loopback, a deterministic Hypothesis in CI, and named tools."""

import ipaddress
import os
import socket
from pathlib import Path

import hypothesis
import pytest
import structlog

from tests import tools as external

pytest_plugins = ["tests.databases"]

IN_CI = os.environ.get("CI", "").lower() == "true"

_LONGEST = {"fault": 0, "integration": 1, "sdk": 2, "e2e": 3, "docs": 4}
"""Folders of tests that start processes of their own, the slowest first."""

hypothesis.settings.register_profile("developer", deadline=None, max_examples=50)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if IN_CI else "developer")


class NetworkRefusedError(Exception):
    """A test tried to leave this machine."""


class Tools:
    """The tools of `tests/tools.toml`, by name."""

    def require(self, name: str) -> Path:
        """Give a tool's program; without it skip, naming what is missing, or fail where CI requires it."""
        tool = external.load()[name]
        program = external.find(tool)
        if program is not None:
            return program
        missing = f"{name} is missing ({tool.about}); run: python tests/tools.py install {name}"
        if IN_CI and tool.required:
            pytest.fail(missing)
        pytest.skip(missing)


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Ask for external tools by name."""
    return Tools()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it at the end; the order within stays."""
    items.sort(key=lambda item: _LONGEST.get(item.path.parent.name, len(_LONGEST)))


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


@pytest.fixture(autouse=True)
def _quiet_logs():
    """Forget how a test configured logs: its stream is closed by the time of the next one."""
    yield
    structlog.reset_defaults()


def _guarded(original):
    def guarded(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            raise NetworkRefusedError(f"tests talk to loopback only, not to {address[0]}")
        return original(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
