"""The verifier as a program: one file, on a machine that has Python, `cryptography` and nothing of the gateway."""

import ast
import json
import re
import subprocess
import sys

import pytest

from gateway.audit.trust import policy as written_policy
from gateway.verifier import NAME, qgw_verify, source
from tests.packs import Dossier

ALLOWED = {"cryptography"}


@pytest.fixture
def program(tmp_path):
    """The one file, somewhere else."""
    path = tmp_path / "carried" / NAME
    path.parent.mkdir()
    path.write_bytes(source())
    return path


@pytest.fixture
def evidence(tmp_path, scribe, observer):
    """What an auditor has: the operator's files, and a policy and a checkpoint from elsewhere."""
    given = tmp_path / "given"
    given.mkdir()
    note = observer.cosign(scribe)
    (given / "ledger.jsonl").write_bytes(b"".join(scribe.export()))
    (given / "job.zip").write_bytes(Dossier(scribe, note).pack())
    (given / "receipt.json").write_bytes(Dossier(scribe, note).receipt())
    (given / "notes").write_text(str(note))
    (given / "README.md").write_text("bring this along\n")
    policy = written_policy([key.public for key in scribe.keys], {"w": observer.keys}, 1)
    (tmp_path / "policy").write_text(policy)
    return tmp_path


def run(program, *arguments):
    command = [sys.executable, "-I", program, *map(str, arguments)]
    return subprocess.run(command, cwd=program.parent, capture_output=True, text=True, check=False)


def test_it_imports_nothing_but_the_standard_library_and_cryptography():
    """Nothing of the gateway, not even what is installed beside it."""
    found = set()
    for node in ast.walk(ast.parse(source())):
        names = [node.module] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.partition(".")[0] for name in names}

    assert found - set(sys.stdlib_module_names) == ALLOWED


def test_a_whole_archive_holds(program, evidence):
    done = run(program, evidence / "given", "--policy", evidence / "policy", "--canonical")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "HOLDS"
    assert "README.md: not evidence, not looked at" in done.stdout
    assert re.search(r"w\.1, w\.2 saw the first \d+ entries at 2026-03-01 12:00:00Z", done.stdout)


def test_without_a_policy_it_does_not_say_that_it_holds(program, evidence):
    done = run(program, evidence / "given")

    assert done.returncode == qgw_verify.UNANCHORED
    assert "give --policy, from another source" in done.stdout


def test_a_finding_is_a_line_with_its_file(program, evidence):
    path = evidence / "given" / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))

    done = run(program, evidence / "given", "--policy", evidence / "policy")

    assert done.returncode == qgw_verify.FOUND
    assert f"tail-missing: {path}: the ledger ends after" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("DOES NOT HOLD: ")


def test_it_answers_scripts_in_json(program, evidence):
    done = run(program, evidence / "given" / "job.zip", "--policy", evidence / "policy", "--json")
    told = json.loads(done.stdout)

    assert (told["ok"], told["status"], told["findings"]) == (True, 0, [])
    assert told["witnessed"]["witnesses"] == ["w.1", "w.2"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere.zip",), "nowhere.zip"),
        (("../policy",), "is no ledger, pack, receipt or checkpoint"),
        (("../given/README.md",), "is no ledger, pack, receipt or checkpoint"),
        (("../given/notes",), "there is nothing to verify"),
        (("../given", "--policy", "../given/README.md"), "line 1 of the policy is not understood"),
        ((), "there is nothing to verify"),
    ],
)
def test_what_cannot_be_read_is_said_so(program, evidence, arguments, told):
    done = run(program, *arguments)

    assert done.returncode == qgw_verify.UNREADABLE
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_help_tells_an_auditor_what_is_proven_and_what_the_answer_means(program):
    told = run(program, "--help").stdout

    for words in ("Whoever has the ledger's keys can sign any history", "--known", "exit status:", "another source"):
        assert words in told
    assert all(len(line) <= 125 for line in told.splitlines())


def test_every_finding_has_its_meaning(program):
    told = run(program, "--findings").stdout

    raised = set(re.findall(r'(?:_find|find|BrokenError)\(\s*"([a-z]+-[a-z-]+)"', source().decode()))
    assert raised <= qgw_verify.CODES.keys()
    assert all(f"{code} " in told for code in qgw_verify.CODES)


def test_each_code_can_be_found():
    """None is left over from what was never written."""
    text = source().decode()

    assert [code for code in qgw_verify.CODES if text.count(f'"{code}"') < 2] == []


@pytest.mark.parametrize("name", ["job.zip", "receipt.json", "ledger.jsonl", "notes"])
def test_damage_is_a_finding_and_no_crash(program, evidence, name):
    """Whatever bytes come: an answer, and never a holding one."""
    path = evidence / "given" / name
    content = path.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 12)):
        path.write_bytes(content[:place] + b"\xff" + content[place + 1 :])
        audit = qgw_verify.Audit(qgw_verify.Policy.parse((evidence / "policy").read_text()), strict=True)
        try:
            qgw_verify.run(audit, [evidence / "given"], checkpoints=[], known=[])
        except OSError:
            continue
        assert audit.report.findings or name == "notes", place
