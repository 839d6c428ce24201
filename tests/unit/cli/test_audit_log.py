"""`gateway audit` and `gateway witness` as an auditor and a second team call them; no network."""

import pytest

from gateway.audit.note import Note
from gateway.audit.trust import Trust


@pytest.fixture
def exported(deployed, tmp_path):
    """An export with its checkpoints and the policy."""
    bundle, notes, policy = (tmp_path / name for name in ("bundle", "notes", "policy"))
    assert deployed("audit", "export", "--output", str(bundle), "--checkpoints", str(notes)).status == 0
    policy.write_text(deployed("audit", "policy").out)
    return bundle, notes, policy


def test_the_policy_names_both_keys_of_the_ledger(exported):
    trust = Trust.parse(exported[2].read_text())

    assert [key.algorithm.name for key in trust.logs] == ["ED25519", "ML_DSA_44"]
    assert trust.quorum == "none"


def test_an_export_is_verified_against_its_checkpoints(deployed, exported):
    bundle, notes, policy = exported

    told = deployed("audit", "verify", str(bundle), "--policy", str(policy), "--checkpoints", str(notes))

    assert told.status == 0
    assert "no witness saw any of them" in told.err


def test_a_cut_export_is_found_by_a_checkpoint_from_elsewhere(deployed, exported, tmp_path):
    bundle, notes, policy = exported
    known = tmp_path / "known"
    known.write_bytes(next(iter(_notes(notes))))
    deployed("audit", "export", "--output", str(bundle))
    cut = tmp_path / "cut"
    cut.write_bytes(b"".join(bundle.read_bytes().splitlines(keepends=True)[:-1]))

    told = deployed("audit", "verify", str(cut), "--policy", str(policy), "--known", str(known))

    assert told.status == 1
    assert "tail-missing" in told.out


def _notes(path):
    from gateway.audit.witnessed import notes_in

    return notes_in(path.read_bytes())


def test_the_database_is_verified_against_its_own_checkpoints(deployed, exported):
    told = deployed("audit", "verify", "--json")

    assert told.status == 0
    assert told.json["checkpoints"] == 1


@pytest.mark.parametrize("options", [("--known", "notes"), ("--checkpoints", "notes"), ("--within", "60")])
def test_what_is_brought_along_needs_a_policy(deployed, exported, options):
    bundle, notes, _ = exported
    given = [str(notes) if each == "notes" else each for each in options]

    assert deployed("audit", "verify", str(bundle), *given).status == 2


def test_files_that_are_none_are_said_so(deployed, exported, tmp_path):
    bundle, _, policy = exported
    for option in ("--policy", "--checkpoints"):
        wrong = tmp_path / "wrong"
        wrong.write_text('{"what": 1}\n')
        told = deployed("audit", "verify", str(bundle), "--policy", str(policy), option, str(wrong))
        assert told.status == 2
        assert "cannot be read" in told.err


def test_new_keys_sign_the_next_checkpoint(deployed, exported, tmp_path):
    bundle, notes, policy = exported
    told = deployed("audit", "rotate-key", "--yes")
    assert "generation 2" in told.err

    deployed("audit", "export", "--output", str(bundle), "--checkpoints", str(notes))
    newest = Note.parse(list(_notes(notes))[-1])
    assert len(newest.signatures) == 4
    checked = deployed("audit", "verify", str(bundle), "--policy", str(policy), "--checkpoints", str(notes))
    assert checked.status == 0, checked.out


def test_nothing_is_restored_where_nothing_was_lost(deployed, exported):
    told = deployed("audit", "restored", "--reason", "a mistake", "--yes")

    assert told.status == 1
    assert "nothing was changed" in told.err


def test_a_witness_is_made_and_told_what_to_watch(deployed, exported, tmp_path):
    place, policy = str(tmp_path / "witness"), exported[2]
    made = deployed("witness", "init", place, "--name", "witness.test/one")

    assert made.out == deployed("witness", "keys", place).out
    assert len(made.out.splitlines()) == 2
    assert deployed("witness", "watch", place, "--policy", str(policy)).status == 0
    (row,) = deployed("witness", "show", place, "--json").json
    assert (row["ledger"], row["entries"]) == ("localhost/quantum-gateway", 0)


def test_what_a_witness_cannot_do_is_said_in_a_line(deployed, tmp_path):
    place = str(tmp_path / "witness")
    assert "witness init" in deployed("witness", "keys", place).err
    deployed("witness", "init", place, "--name", "witness.test/one")

    assert deployed("witness", "init", place, "--name", "other").status == 2
    assert deployed("witness", "watch", place).status == 2
    assert deployed("witness", "watch", place, "--key", "x+y").status == 1
    assert deployed("witness", "forget", place, "other", "--reason", "x").status == 1
    assert deployed("witness", "serve", place, "--listen", "nowhere").status == 2
