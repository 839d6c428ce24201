"""What the console's page of the manual shows is run and loaded, as it stands."""

import re
import shlex

import pytest

from gateway.settings import load
from tests.running import Gateway

pytestmark = pytest.mark.long


@pytest.fixture
def blocks(pytestconfig):
    """Find the page's examples in a language."""
    page = (pytestconfig.rootpath / "docs/how-to/console.md").read_text("utf-8")
    return lambda language: re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_the_commands_work_in_the_order_in_which_they_stand(blocks, tmp_path):
    gateway = Gateway(tmp_path / "state").init()
    commands = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("gateway ")]

    for command in commands:
        gateway.cli(*shlex.split(command, comments=True)[1:])

    assert {"gateway principals new audrey", "gateway console end --all"} <= set(commands)


def test_the_settings_are_settings(blocks, tmp_path):
    """Only files that they name are not there."""
    groups, google = blocks("toml")
    (tmp_path / "groups.toml").write_text(groups)
    (tmp_path / "google.toml").write_text(google)

    assert load(tmp_path / "groups.toml", {}).console.oidc.roles["quantum-audit"] == ("auditor",)
    assert load(tmp_path / "google.toml", {}).console.oidc.hosts == ("oauth2.googleapis.com", "www.googleapis.com")
