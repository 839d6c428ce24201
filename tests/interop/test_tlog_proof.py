"""Receipts are C2SP tlog-proof: Torchwood, by the authors of the specification, believes them, and no changed one."""

import json
import subprocess

import pytest

from gateway.audit.note import Algorithm
from gateway.audit.trust import policy
from tests.notary import Observer, Scribe
from tests.packs import Dossier, run_a_job


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A receipt taken apart as its holder would, and the policy in the algorithms that Torchwood knows."""
    directory = tmp_path_factory.mktemp("receipt")
    scribe = run_a_job(Scribe.begin(300))
    observer = Observer(directory / "witness").watch(scribe)
    told = json.loads(Dossier(scribe, observer.cosign(scribe)).receipt())
    known = [key.public for key in scribe.keys if key.algorithm is Algorithm.ED25519]
    witness = [key for key in observer.keys if key.algorithm is Algorithm.COSIGNATURE]
    (directory / "policy").write_text(policy(known, {"w": witness}, 1))
    for at, each in enumerate(told["entries"]):
        (directory / f"{at}.leaf").write_text(each["leaf"])
        (directory / f"{at}.proof").write_text(each["proof"])
    return directory, len(told["entries"])


@pytest.fixture
def ask(built, given):
    def asked(count):
        files = [given[0] / f"{at}.{kind}" for at in range(count) for kind in ("leaf", "proof")]
        command = [built("tlogproof"), given[0] / "policy", *files]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    return asked


def test_others_believe_a_receipt(ask, given):
    """Every entry of the job, and the one that announces the ledger's keys."""
    assert given[1] == 4
    assert ask(given[1]) == (0, ["proof: holds"] * given[1])


@pytest.mark.parametrize("name", ["0.leaf", "0.proof"])
@pytest.mark.parametrize("part", [0.1, 0.3, 0.6])
def test_others_see_one_changed_byte(ask, given, name, part):
    """Otherwise the test above would show nothing; of the proof, what stands above the post-quantum signatures."""
    path = given[0] / name
    kept = path.read_bytes()
    whole = kept.index(b"\n\n") + 90 if name.endswith("proof") else len(kept)
    place = int(whole * part)
    try:
        path.write_bytes(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :])
        status, told = ask(1)
    finally:
        path.write_bytes(kept)

    assert status != 0
    assert told[-1].startswith("does not hold")
