"""A pack holds to its last byte: whatever in it is changed, left out or added shows, also when it is packed anew."""

import io
import zipfile

import pytest

from gateway.verifier import qgw_verify
from tests.notary import Scribe
from tests.packs import DECISION, JOB, SNAPSHOT, Dossier, codes, denied, permitted, run_a_job
from tests.records import draft

EVERY = 61
"""Of so many bytes one is changed; the ends of a zip file, where its directory is, are changed byte by byte."""


@pytest.fixture
def dossier(scribe, observer):
    return Dossier(scribe, observer.cosign(scribe))


def test_what_is_true_holds(verify, dossier):
    report = verify(pack=dossier.pack(), receipt=dossier.receipt(), ledger=dossier.scribe.export())

    assert report.findings == []
    assert report.witnessed.size == dossier.size
    assert f"job {JOB}, permitted at 2026-03-01T12:00:00" in report.told[0]
    assert "job.completed on sim_line_5 (simulator)" in report.told[0]


def test_the_same_evidence_is_the_same_file(dossier):
    assert dossier.pack() == dossier.pack()


def test_anybody_can_open_it(dossier):
    with zipfile.ZipFile(io.BytesIO(dossier.pack())) as opened:
        assert opened.testzip() is None
        assert opened.read("facts.json") == dossier.documents["facts.json"]


def test_every_changed_byte_shows(dossier):
    content = dossier.pack()
    directory = content.index(b"PK\1\2")
    places = [*range(0, directory, EVERY), *range(directory, len(content), 7)]

    for place in places:
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        with pytest.raises(qgw_verify.BrokenError):
            qgw_verify.pack(changed)


@pytest.mark.parametrize("cut", [1, 22, 500])
def test_a_file_that_was_cut_or_lengthened_shows(verify, dossier, cut):
    content = dossier.pack()

    assert codes(verify(pack=content[:-cut])) == {"pack-edited"}
    assert codes(verify(pack=content + bytes(cut))) == {"pack-edited"}


def test_a_pack_that_was_packed_by_others_is_none(verify, dossier):
    """Compression, other times, two members of one name: readers of zip files may see different things."""
    with zipfile.ZipFile(io.BytesIO(dossier.pack())) as opened:
        members = {each.filename: opened.read(each) for each in opened.infolist()}
    repacked = io.BytesIO()
    with zipfile.ZipFile(repacked, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members.items():
            written.writestr(name, content)

    assert codes(verify(pack=repacked.getvalue())) == {"pack-edited"}


def members():
    scribe = run_a_job(Scribe.begin(6))
    return sorted(Dossier(scribe, scribe.sign()).members())


PROOF = [name for name in members() if name not in qgw_verify.CARRIED]


@pytest.mark.parametrize("name", PROOF)
def test_every_changed_member_shows_though_the_manifest_was_written_anew(verify, dossier, name):
    content = dossier.members()[name]
    place = len(content) // 2
    changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    assert verify(pack=dossier.pack(**{name: changed})).findings


@pytest.mark.parametrize("name", PROOF)
def test_every_member_that_is_left_out_shows_though_the_manifest_was_written_anew(verify, dossier, name):
    """But for the one entry that stands alone as the last: only the whole ledger knows that there was more."""
    found = codes(verify(pack=dossier.pack(**{name: None})))

    assert found <= {"member-missing", "member-unknown", "document-differs", "checkpoint-unsigned", "key-unknown"}
    assert found


def test_what_is_carried_along_proves_nothing_and_is_named(verify, dossier):
    """The program and the policy in a pack are its maker's."""
    assert verify(pack=dossier.pack(**dict.fromkeys(qgw_verify.CARRIED, b"anything"))).findings == []


@pytest.mark.parametrize("name", ["payload", "policy/rego/gateway/rules/more.rego", f"calibration/{'9' * 64}.json"])
def test_what_the_ledger_does_not_speak_of_has_no_place_in_it(verify, dossier, name):
    assert codes(verify(pack=dossier.pack(**{name: b"x"}))) & {"member-unknown", "document-differs"}


@pytest.mark.parametrize("name", ["facts.json", "provenance.json", f"calibration/{SNAPSHOT}.json"])
def test_what_was_erased_is_missing_with_a_reason(verify, dossier, name):
    dossier.documents.pop(name)
    assert codes(verify(pack=dossier.pack())) == {"member-missing"}

    dossier.missing[name] = "it was erased"
    report = verify(pack=dossier.pack())
    assert report.findings == []
    assert any(told.endswith(f"without {name}: it was erased") for told in report.told)


@pytest.mark.parametrize(
    "lie", [{"job": DECISION[:-1] + "f"}, {"ledger": "other/ledger"}, {"size": 7}, {"format": "x"}]
)
def test_the_manifest_cannot_name_what_the_entries_do_not(verify, dossier, lie):
    members = dossier.members()
    manifest = qgw_verify.canonical(qgw_verify.json.loads(dossier.manifest(members)) | lie)

    assert verify(pack=qgw_verify.packed({**members, "manifest.json": manifest})).findings


@pytest.mark.parametrize("lie", [{"client_job_id": "another"}, {"size": 7}, {"job": DECISION}, {"more": 1}])
def test_a_receipt_cannot_say_what_its_entries_do_not(verify, dossier, lie):
    """Our own id of a decision names the refusals only; a permitted job has an id of its own."""
    assert codes(verify(receipt=dossier.receipt(**lie))) == {"document-differs"}


def test_an_entry_of_another_job_has_no_place_in_it(verify, scribe, observer, dossier):
    at = next(seq for seq, each in enumerate(scribe.drafts) if each.type == "requests.refused")
    seqs = sorted([*dossier.seqs, at])
    more = type("More", (Dossier,), {"seqs": property(lambda _: seqs)})(scribe, dossier.note)

    assert codes(verify(receipt=more.receipt())) == {"document-differs"}


def test_a_refusal_has_its_evidence_too(verify, scribe, observer):
    scribe.drafts.append(denied())
    refused = Scribe.copy(scribe)
    refused.drafts = [each for each in scribe.drafts if each.body.get("job_id") is None]
    observer.watch(refused)
    dossier = Dossier(refused, observer.cosign(refused), job=DECISION)
    for name in ("prices.json", "provenance.json", f"calibration/{SNAPSHOT}.json"):
        dossier.documents.pop(name)

    report = verify(pack=dossier.pack(), receipt=dossier.receipt())

    assert report.findings == []
    assert f"job {DECISION}, refused at" in report.told[0]


def test_a_receipt_of_a_job_that_has_not_ended_holds(verify, scribe, observer):
    first = next(seq for seq, each in enumerate(scribe.drafts) if each.type == "job.permitted")
    early = Dossier(scribe, observer.cosign(scribe, first + 1))

    report = verify(receipt=early.receipt())

    assert report.findings == []
    assert "no outcome yet" in report.told[0]


def test_a_receipt_without_the_decision_is_none(verify, dossier):
    entries = qgw_verify.json.loads(dossier.receipt())["entries"]

    assert codes(verify(receipt=dossier.receipt(entries=entries[:1]))) == {"member-missing"}
    assert codes(verify(receipt=dossier.receipt(entries=[]))) == {"proof-broken"}
    assert codes(verify(receipt=dossier.receipt(entries="x"))) == {"file-unreadable"}


def test_every_changed_line_of_a_proof_shows(verify, dossier):
    """Header, index, hashes, blank line, the checkpoint's three lines and its signatures."""
    entries = qgw_verify.json.loads(dossier.receipt())["entries"]
    lines = entries[1]["proof"].split("\n")

    for at, line in enumerate(lines[:-1]):
        changed = (line[:-2] + ("B" if line[-2] == "A" else "A") + line[-1:]) if len(line) > 1 else line + "x"
        proof = "\n".join([*lines[:at], changed, *lines[at + 1 :]])
        spoilt = [entries[0], {**entries[1], "proof": proof}, *entries[2:]]
        assert verify(receipt=dossier.receipt(entries=spoilt)).findings, line


def test_witnesses_are_demanded_of_packs_as_of_ledgers(verify, scribe, dossier):
    alone = Dossier(scribe, scribe.sign())

    assert codes(verify(pack=alone.pack())) == {"witnesses-missing"}
    assert codes(verify(pack=dossier.pack(), not_before=1 << 40)) == {"witnesses-old"}


def test_keys_that_were_replaced_are_followed_in_a_pack(verify, scribe, observer):
    scribe.rotate("second")
    scribe.write(2)
    observer.watch(scribe)

    assert verify(pack=Dossier(scribe, observer.cosign(scribe)).pack()).findings == []


def test_a_leaf_that_two_readers_may_read_differently_is_refused(verify, scribe, observer):
    """Its proof holds, because the gateway itself wrote it; a duplicate key would mean one thing here and one there."""
    with pytest.raises(qgw_verify.BrokenError, match="canonical"):
        qgw_verify.decoded(b'{"event":{},"event":{},"prev":"","seq":0,"v":1}')


def test_the_story_says_what_people_ask_first(dossier):
    told = qgw_verify.json.loads(dossier.members()["story.json"])

    assert told["decision"]["allowed"] is True
    assert told["outcomes"][0]["execution_kind"] == "simulator"
    assert told["asked"]["payload"]["digest"] == permitted().body["payload"]["digest"]
    assert told["calibrations"] == [SNAPSHOT]


def test_the_provenance_is_prov_json(dossier):
    """Every relation names things that the document declares, in the words of the W3C's data model."""
    told = qgw_verify.json.loads(dossier.members()["prov.json"])
    declared = {name for kind in ("entity", "activity", "agent") for name in told[kind]}
    relations = told.keys() - {"prefix", "entity", "activity", "agent"}

    assert relations == {
        *("used", "wasGeneratedBy", "wasAttributedTo", "wasAssociatedWith", "actedOnBehalfOf", "wasInformedBy")
    }
    for relation in relations:
        for ends in told[relation].values():
            assert set(ends.values()) <= declared
            assert all(role.startswith("prov:") for role in ends)
    assert f"qgw:calibration/{SNAPSHOT}" in told["entity"]


def test_entries_of_which_the_verifier_knows_no_type_are_no_finding(verify, scribe, observer):
    """A later gateway may write what this verifier has never heard of."""
    scribe.drafts.append(draft("job.deleted", project_id="project-1", principal="1" * 64, key="2" * 64, job_id=JOB))

    assert verify(pack=Dossier(scribe, observer.cosign(scribe)).pack()).findings == []
