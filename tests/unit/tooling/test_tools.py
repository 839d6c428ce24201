"""The machinery of the tests is code too: what cannot be had is said, and nothing unverified is kept."""

import hashlib
import platform
import socket

import pytest

from tests import conftest, tools


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(tools, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    return tmp_path


@pytest.fixture
def release(cache):
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    content = cache / f"opa_v1_{platform.system().lower()}_{machine}"
    content.write_bytes(b"#!/bin/sh\n")
    digest = hashlib.sha256(b"#!/bin/sh\n").hexdigest()
    content.with_name(f"{content.name}.sha256").write_text(f"{digest}  opa\n")
    return content


def opa(cache):
    template = f"{cache.as_uri()}/opa_{{version}}_{{system}}_{{machine}}"
    return tools.Tool(name="opa", about="x", kind="go", required=True, program="opa", version="v1", release=template)


def test_every_listed_tool_can_be_obtained_somehow():
    assert {tool.kind for tool in tools.load().values()} <= {"environment", "go", "debian", "found"}


def test_a_release_with_the_published_checksum_becomes_a_program(cache, release):
    program = tools.install(opa(cache))

    assert program.read_bytes() == release.read_bytes()
    assert tools.find(opa(cache)) == program


def test_a_release_with_another_checksum_is_not_kept(cache, release):
    release.write_bytes(b"#!/bin/sh\nevil\n")

    with pytest.raises(tools.MissingToolError, match="published SHA-256"):
        tools.install(opa(cache))

    assert tools.find(opa(cache)) is None


def test_an_interrupted_installation_does_not_count(cache, release):
    home = opa(cache).home / "bin"
    home.mkdir(parents=True)
    (home / "opa").touch()

    assert tools.find(opa(cache)) is None


def test_a_tool_that_cannot_be_had_says_what_would_help(cache):
    tool = tools.Tool(name="regal", about="x", kind="found", required=False, program="regal")

    with pytest.raises(tools.MissingToolError, match="put regal on the PATH"):
        tools.install(tool)


@pytest.mark.parametrize(
    ("in_ci", "required", "outcome"),
    [
        pytest.param(True, True, pytest.fail.Exception, id="CI fails without a required tool"),
        pytest.param(True, False, pytest.skip.Exception, id="CI skips without an optional one"),
        pytest.param(False, True, pytest.skip.Exception, id="a developer skips"),
    ],
)
def test_a_missing_tool_is_named(monkeypatch, cache, in_ci, required, outcome):
    tool = tools.Tool(name="opa", about="the real OPA", kind="go", required=required, program="opa")
    monkeypatch.setattr(tools, "load", lambda: {"opa": tool})
    monkeypatch.setattr(conftest.external, "load", lambda: {"opa": tool})
    monkeypatch.setattr(conftest, "IN_CI", in_ci)

    with pytest.raises(outcome, match="opa is missing"):
        conftest.Tools().require("opa")


def test_the_network_is_out_of_reach():
    """192.0.2.1 is reserved for documentation; the refusal comes before any packet."""
    with socket.socket() as client, pytest.raises(Exception, match="loopback only"):
        client.connect(("192.0.2.1", 80))
