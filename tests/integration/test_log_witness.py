"""A gateway and witnesses of a second team, each a process of its own: what a restored backup cannot undo."""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import urllib.error
import urllib.request
from hashlib import sha256

import pytest

from tests.running import GATEWAY, Gateway, GatewayFailedError, eventually, free_port

pytestmark = pytest.mark.long

ORIGIN = "localhost/quantum-gateway"
ROTATE = ("audit", "rotate-key", "--yes")
LOG_ID = sha256(ORIGIN.encode()).hexdigest()
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class WitnessProcess:
    """`gateway witness serve`."""

    def __init__(self, directory, name):
        self.directory, self.port, self.process = directory, free_port(), None
        self.keys = self.run("init", str(directory), "--name", name).split()

    def run(self, *arguments):
        done = subprocess.run([*GATEWAY, "witness", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self):
        command = [*GATEWAY, "witness", "serve", str(self.directory), "--listen", f"127.0.0.1:{self.port}"]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        eventually(self.answers)
        return self

    def answers(self):
        with contextlib.suppress(OSError):
            return self.get("keys").split() == self.keys

    def get(self, path):
        with _DIRECT.open(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer:
            return answer.read().decode()

    def size(self):
        with contextlib.suppress(OSError):
            return int(self.get(f"checkpoint/{LOG_ID}").split("\n")[1])
        return 0

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(10) == 0
            self.process = None


@pytest.fixture
def witnesses(tmp_path):
    made = [WitnessProcess(tmp_path / f"witness-{number}", f"witness.test/{number}") for number in range(2)]
    yield made
    for each in made:
        each.stop()


@pytest.fixture
def gateway(tmp_path, witnesses):
    settings = {"GATEWAY_LEDGER__CHECKPOINT_SECONDS": "1", "GATEWAY_LEDGER__WITNESSES_REQUIRED": "2"}
    for number, each in enumerate(witnesses):
        settings[f"GATEWAY_WITNESSES__W{number}__URL"] = f"http://127.0.0.1:{each.port}"
        settings[f"GATEWAY_WITNESSES__W{number}__KEYS"] = json.dumps(each.keys)
    made = Gateway(tmp_path / "state", settings=settings).init()
    policy = tmp_path / "policy"
    policy.write_text(made.cli("audit", "policy"))
    for each in witnesses:
        each.run("watch", str(each.directory), "--policy", str(policy))
        each.start()
    yield made
    made.discard()


def published(gateway):
    reply = gateway.request("GET", "/log/checkpoint")
    return int(reply.body.split(b"\n")[1]) if reply.status == 200 else 0


def size(gateway):
    return len(gateway.entries())


def verified(gateway, tmp_path, known):
    bundle, notes = tmp_path / "bundle", tmp_path / "notes"
    gateway.cli("audit", "export", "--output", str(bundle), "--checkpoints", str(notes))
    (tmp_path / "known").write_text(known)
    files = ("--policy", str(tmp_path / "policy"), "--checkpoints", str(notes), "--known", str(tmp_path / "known"))
    done = gateway.run("audit", "verify", str(bundle), *files, "--json")
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def backup(gateway, witnesses, tmp_path):
    """A copy of the state directory from before the last entries, of which the witnesses know."""
    gateway.start()
    eventually(lambda: published(gateway) >= 3)
    assert "gateway_ledger_cosigned_size" in gateway.metrics()
    copy = tmp_path / "backup"
    gateway.stop()
    shutil.copytree(gateway.state_dir, copy)
    gateway.start()
    gateway.key()
    entries = size(gateway)
    eventually(lambda: min(published(gateway), *(each.size() for each in witnesses)) >= entries)
    gateway.stop()
    return copy


def test_a_restored_database_is_refused_at_the_start(gateway, witnesses, backup, tmp_path):
    """The state directory remembers what was signed; an auditor with a witness's checkpoint sees the loss as well."""
    known = witnesses[0].get(f"checkpoint/{LOG_ID}")
    assert verified(gateway, tmp_path, known)[0] == 0
    now = tmp_path / "now"
    shutil.copytree(gateway.state_dir, now)
    restore(backup, gateway.state_dir, "gateway.sqlite3")

    with pytest.raises(GatewayFailedError, match="rolled back"):
        gateway.start()
    assert gateway.process.wait(10) == 2
    status, report = verified_offline(gateway, tmp_path, known)
    assert status == 1
    assert "tail-missing" in {finding["code"] for finding in report["findings"]}

    # The right database again: nothing is held against it.
    restore(now, gateway.state_dir, "gateway.sqlite3")
    gateway.start()


def test_a_state_directory_restored_whole_is_told_by_the_witnesses(gateway, witnesses, backup):
    """Nobody here remembers; nothing is signed, and readiness says why."""
    restore(backup, gateway.state_dir, "gateway.sqlite3", "log.checkpoint")
    signed = (gateway.state_dir / "log.checkpoint").read_bytes()
    seen = witnesses[0].size()

    gateway.launch()
    reason = eventually(lambda: told(gateway), seconds=60)
    gateway.key()

    assert f"cosigned {seen} entries" in reason
    assert (gateway.state_dir / "log.checkpoint").read_bytes() == signed
    assert "gateway_ledger_checkpoint_refused 1.0" in gateway.metrics()
    assert "checkpoint.refused" in gateway.log()


def restore(source, target, *names):
    for name in names:
        for ending in ("", "-wal", "-shm"):
            (target / f"{name}{ending}").unlink(missing_ok=True)
            if (source / f"{name}{ending}").exists():
                shutil.copy(source / f"{name}{ending}", target / f"{name}{ending}")


def verified_offline(gateway, tmp_path, known):
    bundle = tmp_path / "bundle"
    gateway.cli("audit", "export", "--output", str(bundle))
    (tmp_path / "known").write_text(known)
    files = ("--policy", str(tmp_path / "policy"), "--known", str(tmp_path / "known"))
    done = gateway.run("audit", "verify", str(bundle), *files, "--json")
    return done.returncode, json.loads(done.stdout)


def told(gateway):
    """Why it is not ready, if that is the checkpoints."""
    try:
        url = f"http://127.0.0.1:{gateway.management_port}/health/ready"
        with _DIRECT.open(url, timeout=5):
            return None
    except urllib.error.HTTPError as error:
        missing = json.loads(error.read())["missing"]
        return next((each for each in missing if each.startswith("checkpoints")), None)
    except OSError:
        return None


def test_a_checkpoint_is_given_out_once_enough_witnesses_saw_it(gateway, witnesses):
    witnesses[1].stop()
    gateway.start()
    eventually(witnesses[0].size)
    assert published(gateway) == 0

    witnesses[1].start()
    eventually(lambda: published(gateway))


def test_a_loss_that_is_admitted_is_in_the_ledger_and_the_witnesses_decide(gateway, witnesses, backup):
    restore(backup, gateway.state_dir, "gateway.sqlite3")

    gateway.cli("audit", "restored", "--reason", "the disk burnt down", "--yes")
    for each in witnesses:
        each.run("forget", str(each.directory), ORIGIN, "--reason", "they called us")
    gateway.start()
    eventually(lambda: published(gateway) >= size(gateway))

    assert gateway.entries("ledger.restored")[0]["body"]["reason"] == "the disk burnt down"
    with contextlib.closing(sqlite3.connect(gateway.state_dir / "gateway.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM audit_cosignature").fetchone()[0] > 0


def test_new_keys_are_announced_and_followed(gateway, witnesses, tmp_path):
    gateway.start()
    eventually(lambda: published(gateway))
    eventually(lambda: gateway.run(*ROTATE).returncode == 0)
    entries = size(gateway)
    eventually(lambda: published(gateway) >= entries)
    gateway.stop()

    status, report = verified(gateway, tmp_path, witnesses[0].get(f"checkpoint/{LOG_ID}"))
    assert (status, report["findings"]) == (0, [])
    assert report["witnessed"]["size"] >= entries
    # Who knows the new pair alone believes the old one too, which it announced.
    assert gateway.cli("audit", "policy").count("\nlog ") == 3


def test_what_is_risky_waits_for_as_many_witnesses_as_are_demanded(gateway, witnesses):
    """One of two is away: new keys and new policies wait; when it is back they come."""
    gateway.start()
    eventually(lambda: published(gateway) >= 3)
    witnesses[1].stop()
    reload = ("policy", "reload", "--reason", "a test", "--seconds")

    refused, unanswered = gateway.run(*ROTATE), gateway.run(*reload, "3")

    assert (refused.returncode, unanswered.returncode) == (3, 3)
    assert "2 of the witnesses must see that before it is done" in refused.stderr
    assert "policy.activated" not in types(gateway)
    witnesses[1].start()
    eventually(lambda: gateway.run(*ROTATE).returncode == 0, seconds=60)
    eventually(lambda: "policy.activated" in types(gateway), seconds=60)
    told = types(gateway)
    assert told.index("action.announced") < told.index("action.taken") < told.index("ledger.key_rotated")
    assert told.index("policy.reload_requested") < told.index("policy.activated")


def types(gateway):
    """The types of all entries, in order."""
    return [entry["type"] for entry in gateway.entries()]
