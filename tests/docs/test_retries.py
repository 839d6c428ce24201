"""The page about retries says what the dialects do; an operator plans outages by it."""

import re

import pytest

from gateway.ports import registry

ROW = re.compile(r"^\| `([a-z]+)` \|.*\| ([0-9.]+) s \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def page(pytestconfig):
    return (pytestconfig.rootpath / "docs" / "reference" / "retries.md").read_text("utf-8")


@pytest.fixture(scope="module")
def dialects():
    adapters = registry.installed()
    return {name: each.dialect(each.settings()) for name, each in adapters.items() if each.dialect is not None}


def test_every_dialects_window_stands_in_the_table(page, dialects):
    windows = {name: float(seconds) for name, seconds in ROW.findall(page)}

    assert windows == {name: dialect.retry_seconds for name, dialect in dialects.items()}


def test_every_dialect_has_a_column_of_answers(page, dialects):
    header = next(line for line in page.splitlines() if line.startswith("| Situation |"))

    assert set(re.findall(r"`([a-z]+)`", header)) == dialects.keys()
