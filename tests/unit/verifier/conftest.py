from pathlib import Path

import pytest

from gateway.verifier import qgw_verify
from tests.notary import Observer, Scribe
from tests.packs import read_policy, run_a_job


@pytest.fixture
def scribe():
    """A ledger with a job in it."""
    return run_a_job(Scribe.begin(6))


@pytest.fixture
def observer(tmp_path, scribe):
    return Observer(tmp_path / "witness").watch(scribe)


@pytest.fixture
def policy(scribe, observer):
    """What an auditor brings along who knew ledger and witness before."""
    return read_policy(scribe.trust(observer))


@pytest.fixture
def verify(tmp_path, policy):
    """Verify files, as the program does; gives the report."""

    def verified(*, known=(), checkpoints=(), policy=policy, not_before=0, strict=True, keeps=0, **files):
        directory = tmp_path / "given"
        directory.mkdir(exist_ok=True)
        paths = [_written(directory / name, content) for name, content in files.items()]
        notes = [_written(directory / f"known-{at}", each) for at, each in enumerate(known)]
        own = [_written(directory / f"own-{at}", each) for at, each in enumerate(checkpoints)]
        audit = qgw_verify.Audit(policy, not_before=not_before, strict=strict, keeps=keeps)
        qgw_verify.run(audit, paths, checkpoints=own, known=notes)
        return audit.report

    return verified


def _written(path: Path, content):
    content = b"".join(content) if isinstance(content, list) else content
    path.write_bytes(content if isinstance(content, bytes) else str(content).encode())
    return path
