"""The page on searching is run: its commands against a deployment, its settings by the loader."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from gateway.settings import Settings
from tests.running import Gateway

pytestmark = pytest.mark.long

RUNNABLE = re.compile(r"^```console run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def page():
    return (Path(__file__).parents[2] / "docs" / "how-to" / "audit-search.md").read_text("utf-8")


def test_every_command_of_the_page_does_what_it_says(page, tmp_path):
    gateway = Gateway(tmp_path / "state").init()
    lines = [line for block in RUNNABLE.findall(page) for line in block.splitlines()]

    for line in lines:
        words = shlex.split(line)[1:]
        if "--output" in words:
            words[words.index("--output") + 1] = str(tmp_path / words[words.index("--output") + 1])
        gateway.cli(*words)

    assert len(lines) >= 9
    assert (tmp_path / "keys.jsonl").read_text().count("qgw.key.created") == 1
    assert (tmp_path / "ocsf.jsonl").read_text().count("\n") > 3


def test_its_settings_are_settings(page, tmp_path):
    for block in SETTINGS.findall(page):
        read = Settings(state_dir=tmp_path, **tomllib.loads(block))

        assert read.exports.keys() | read.webhooks.keys()
