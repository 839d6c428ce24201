"""What the page on retention shows is run, in order, on a deployment of its own."""

import re
import shlex

import pytest

from gateway.cli.root import run

RUNNABLE = re.compile(r"^```sh run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RULES = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(pytestconfig):
    return (pytestconfig.rootpath / "docs" / "how-to" / "retention.md").read_text("utf-8")


def test_every_command_of_the_page_works_under_its_rules(page, tmp_path, monkeypatch, capfd):
    (rules,) = RULES.findall(page)
    (tmp_path / "gateway.toml").write_text(rules.replace("clinical", "default"))
    (tmp_path / "spare").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_CONFIG", str(tmp_path / "gateway.toml"))
    monkeypatch.setenv("GATEWAY_STATE_DIR", str(tmp_path / "state"))
    assert run(["init"]) == 0

    lines = [line for block in RUNNABLE.findall(page) for line in block.splitlines()]
    told = {line: int(run(shlex.split(line)[1:])) for line in lines}

    # Only the plan of what is held says no: the page has set a legal hold before.
    assert {line: status for line, status in told.items() if status} == {}
    assert len(lines) == 9
    assert (tmp_path / "spare" / "erasure.key").stat().st_size > 0
    assert "everything agrees" in capfd.readouterr().err
