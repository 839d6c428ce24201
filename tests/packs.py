"""Packs and receipts of a ledger in memory: one job's whole story, the documents it speaks of, and their proofs."""

import json
from dataclasses import dataclass, field
from hashlib import sha256

from gateway.audit.log_keys import CREATED, ROTATED
from gateway.audit.proofs import written
from gateway.verifier import qgw_verify
from tests.records import draft

JOB, DECISION = "0190a1b2-0000-7000-8000-00000000000a", "0190a1b2-0000-7000-8000-00000000000b"
REGO = {"gateway/main/main.rego": b"package gateway.main\n", "gateway/rules/a/b/b.rego": b"package gateway.rules.a.b\n"}
TABLES = {"org/limits/data.json": b'{"shots":1000}', "org/roles/data.json": b"{}"}
FACTS, PRICES, ORIGIN = b'{"schema":"qgw.facts/1"}', b'{"schema":"qgw.prices/2"}', b'{"schema":"qgw.provenance/1"}'
CALIBRATION = b'{"backend":"sim_line_5","gates":[],"qubits":[{"readout_error":0.01}],"taken_at":"2026-03-01"}'
SNAPSHOT = sha256(CALIBRATION).hexdigest()


def revision(files):
    """Name a tree of files as policy revisions are named."""
    hashes = sorted(f"{path} {sha256(content).hexdigest()}" for path, content in files.items())
    return sha256("\n".join(hashes).encode()).hexdigest()


def permitted(**changes):
    asked = {
        "principal": "11" * 32,
        "key": "22" * 32,
        "dialect": "ibm",
        "program": "sampler",
        "backend_asked": "sim_line_5",
        "classification": "internal",
        "session": None,
        "payload": {"digest": "33" * 32, "bytes": 512},
        "decision": {
            "id": DECISION,
            "engine": "embedded",
            "policy_revision": revision(REGO),
            "data_revision": revision(TABLES),
            "facts_digest": sha256(FACTS).hexdigest(),
            "warn": [],
            "microseconds": 900,
        },
        "job_id": JOB,
        "client_job_id": "cabc",
        "attempt": 1,
        "placement": {"upstream": "aer", "backend": "sim_line_5", "kind": "simulator", "fallback": False, "reason": ""},
        "circuits": {"count": 1, "digest": "44" * 32, "shots": 100},
        "calibration": SNAPSHOT,
        "quote": {"amount_micros": 0, "currency": "EUR", "price_revision": sha256(PRICES).hexdigest()},
        "provenance": {"digest": sha256(ORIGIN).hexdigest(), "complete": True},
    }
    return draft("job.permitted", project_id="project-1", **{**asked, **changes})


def forwarded():
    body = {"job_id": JOB, "attempt": 1, "upstream": "aer", "vendor_job_id": "v-1", "found": False}
    return draft("job.forwarded", project_id="project-1", **body)


def completed(**changes):
    body = {
        "job_id": JOB,
        "attempt": 1,
        "backend": "sim_line_5",
        "upstream": "aer",
        "execution_kind": "simulator",
        "fallback": False,
        "calibration": SNAPSHOT,
        "execution_calibration": SNAPSHOT,
        "result": {"object": JOB, "digest": "55" * 32, "key_version": 1},
        "documents": {"result": {"object": JOB, "digest": "55" * 32, "key_version": 1}},
        "cost": {"action": "settle", "settled_micros": 0, "currency": "EUR"},
        "summaries": [],
    }
    return draft("job.completed", project_id="project-1", **{**body, **changes})


def denied():
    whole = permitted()
    kept = {name: value for name, value in whole.body.items() if name in {*_ASKED, "decision"}}
    return draft("job.denied", project_id="project-1", **kept, deny=["limits/shots"])


_ASKED = ("principal", "key", "dialect", "program", "backend_asked", "classification", "session", "payload")


def run_a_job(scribe):
    """Have a job in a ledger, with entries of others around and between its own."""
    for each in (permitted(), forwarded()):
        scribe.drafts.append(each)
        scribe.write(2)
    scribe.drafts.append(completed())
    return scribe.write(3)


@dataclass
class Dossier:
    """What the holder of a ledger would hand out about a job."""

    scribe: object
    note: object
    """The signed checkpoint that everything leads to."""
    job: str = JOB
    documents: dict = field(
        default_factory=lambda: {
            "facts.json": FACTS,
            "prices.json": PRICES,
            "provenance.json": ORIGIN,
            f"calibration/{SNAPSHOT}.json": CALIBRATION,
            **{f"policy/rego/{path}": content for path, content in REGO.items()},
            **{f"policy/data/{path}": content for path, content in TABLES.items()},
        }
    )
    missing: dict = field(default_factory=dict)

    @property
    def size(self):
        return int(self.note.text.split("\n")[1])

    @property
    def seqs(self):
        """Places of the entries of the job, and of those that announce keys."""
        mine = {JOB, DECISION}
        return [
            seq
            for seq, each in enumerate(self.scribe.drafts[: self.size])
            if each.type in {CREATED, ROTATED}
            or mine & {each.body.get("job_id"), each.body.get("decision", {}).get("id")}
        ]

    def proofs(self):
        """Leaf and proof of each entry, oldest first."""
        links = self.scribe.links
        return {
            seq: (links[seq].leaf, written(seq, self.scribe.inclusion(seq, self.size), str(self.note)).encode())
            for seq in self.seqs
        }

    def members(self):
        """Everything in the pack but its manifest."""
        proofs = self.proofs()
        told = [json.loads(leaf) for leaf, _ in proofs.values()]
        told = [entry for entry in told if entry["event"]["type"] not in {CREATED, ROTATED}]
        return {
            "checkpoint": str(self.note).encode(),
            "README.txt": b"read me\n",
            "trust-policy": b"copy\n",
            "qgw_verify.py": b"copy\n",
            **{f"entries/{seq:012}.json": leaf for seq, (leaf, _) in proofs.items()},
            **{f"entries/{seq:012}.tlog-proof": proof for seq, (_, proof) in proofs.items()},
            **{name: qgw_verify.canonical(derive(told)) for name, derive in qgw_verify.DERIVED.items()},
            **self.documents,
        }

    def manifest(self, members):
        files = {name: sha256(content).hexdigest() for name, content in members.items()}
        about = {"job": self.job, "ledger": self.scribe.origin, "size": self.size, "missing": self.missing}
        return qgw_verify.canonical({"format": qgw_verify.PACK, **about, "files": files})

    def pack(self, **changed):
        """The pack; with members changed, added or (`None`) left out, and the manifest written anew."""
        members = {name: content for name, content in (self.members() | changed).items() if content is not None}
        return qgw_verify.packed({**members, "manifest.json": self.manifest(members)})

    def receipt(self, **changed):
        entries = [{"leaf": leaf.decode(), "proof": proof.decode()} for leaf, proof in self.proofs().values()]
        name = next((each.body["client_job_id"] for each in self.scribe.drafts if "client_job_id" in each.body), None)
        told = {"format": qgw_verify.RECEIPT, "job": self.job, "client_job_id": name, "size": self.size}
        return json.dumps({**told, "pending": [], "entries": entries, **changed}).encode()


def read_policy(trust):
    """Give the verifier the policy that the gateway's own verifiers read."""
    lines = [*(f"log {key}" for key in trust.logs), *(f"witness {name} {key}" for name, key in trust.witnesses.items())]
    lines += [f"group {name} {each.needed} {' '.join(each.members)}" for name, each in trust.groups.items()]
    return qgw_verify.Policy.parse("\n".join([*lines, f"quorum {trust.quorum}"]))


def codes(report):
    """Give what a report of the verifier found."""
    return {finding.code for finding in report.findings}
