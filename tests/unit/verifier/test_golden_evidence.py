"""An archive that was handed out when these formats were new still verifies: auditors keep them for ten years."""

import shutil
from pathlib import Path

import pytest

from gateway.verifier import qgw_verify
from tests.packs import codes

HERE = Path(__file__).parents[2] / "golden" / "evidence"
LEDGER = Path(__file__).parents[2] / "golden" / "ledger"
ROOT = "1c61c4dd773c5c30072d2006f82a99dd62dcb2ee875036f9012aacd5db2d5d25"


def checked(archive, *, policy=HERE / "policy", known=(HERE / "known",)):
    audit = qgw_verify.Audit(qgw_verify.Policy.parse(policy.read_text("utf-8")), strict=True)
    qgw_verify.run(audit, [archive], checkpoints=[], known=known)
    return audit.report


def test_the_archive_still_verifies():
    """A ledger whose keys were changed, by a policy from before that; packs and receipts of two jobs and a refusal."""
    report = checked(HERE / "archive")

    assert report.findings == []
    assert (report.witnessed.size, report.witnessed.witnesses) == (16, ("one.1", "one.2"))
    assert sum("job.completed on sim_line_5 (simulator)" in told for told in report.told) == 4
    assert sum(", refused at " in told for told in report.told) == 2
    assert any(told.endswith(ROOT) for told in report.told)


def test_the_first_archive_of_a_signed_ledger_still_verifies():
    report = checked(LEDGER, policy=LEDGER / "policy", known=())

    assert report.findings == []
    assert any("8397a31f4b181c7f76c7ba0ca7c84a232ce322a76d5e95cc9662e608a9ea5be6" in told for told in report.told)


@pytest.mark.parametrize("name", sorted(path.name for path in (HERE / "archive").iterdir()))
def test_a_changed_archive_still_does_not(tmp_path, name):
    archive = tmp_path / "archive"
    shutil.copytree(HERE / "archive", archive)
    content = (archive / name).read_bytes()
    # In the first line of a file of lines: what stands there is compared with everything else.
    place = (content.index(b"\n") if name.endswith(".jsonl") else len(content)) // 2
    (archive / name).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])

    assert codes(checked(archive))
