"""The command line as a person calls it, in this process: arguments in, exit status and both streams out."""

import json
import shutil
from dataclasses import dataclass

import pytest

from gateway.cli.root import run


@dataclass
class Told:
    """What one command did."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def gateway(monkeypatch, capfd, tmp_path):
    """Call commands on an empty state directory."""
    monkeypatch.setenv("GATEWAY_STATE_DIR", str(tmp_path / "state"))

    def call(*arguments):
        status = run(arguments)
        out, err = capfd.readouterr()
        return Told(int(status), out, err)

    return call


@pytest.fixture(scope="session")
def _deployment(tmp_path_factory):
    """One initialised state directory, made once and copied."""
    directory = tmp_path_factory.mktemp("deployment") / "state"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_STATE_DIR", str(directory))
        assert run(["init"]) == 0
    return directory


@pytest.fixture
def deployed(gateway, _deployment, tmp_path):
    """Call commands on a fresh deployment."""
    shutil.copytree(_deployment, tmp_path / "state")
    return gateway


@pytest.fixture
def staffed(deployed):
    """Call commands on a deployment with a scientist and her project."""
    deployed("principals", "new", "ada")
    deployed("projects", "new", "lab")
    return deployed
