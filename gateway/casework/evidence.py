"""Evidence packs: all that speaks for one job in one file, with what proves it, for somebody who trusts nobody here.

A pack is a receipt with the documents whose digests its entries hold (facts, policy, tables, prices, calibrations,
provenance) and with what follows from the entries alone (the job's story, its PROV document). The same job at the same
checkpoint gives the same bytes. What was erased is missing, and the manifest says so. Payload and result stay in the
vault: their digests are in the entries. Why a zip file, and what is in it: docs/adr/0020-receipts-and-packs.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from gateway import verifier
from gateway.audit.log_keys import CREATED, ROTATED
from gateway.casework.proving import NotSignedYetError
from gateway.casework.receipts import Case, Receipt, Receipts
from gateway.domain.clock import parse_rfc3339, rfc3339
from gateway.domain.errors import RefusedError
from gateway.store import calibrations, policies
from gateway.vault.vault import ErasedError, Vault
from gateway.verifier import qgw_verify

README: Final = b"""Evidence for one job of a quantum governance gateway.

    python qgw_verify.py FILE.zip --policy POLICY

verifies this file on any machine, without a network. It needs Python 3.11 or newer and the package `cryptography`. Take
the program and the policy (whose signatures count) from another source than this file: those in it are copies.

    story.json         what became of the job, in a page
    prov.json          the same as W3C PROV-JSON
    entries/           what the ledger says, byte for byte, each with its proof (C2SP tlog-proof)
    checkpoint         the signed root that the proofs lead to, with the cosignatures of witnesses
    facts.json         what policy was told; policy/rego and policy/data are what decided
    prices.json        what it was priced by
    calibration/       how good the backend was when the job was judged, and when it ran
    provenance.json    where the work comes from
    manifest.json      the SHA-256 of every other file, and why something is missing
"""


class EvidenceDamagedError(RefusedError):
    """What is stored for a job does not fit what the ledger says of it, so no pack is made of it."""

    code = "evidence-damaged"

    def __init__(self, job: str, why: str) -> None:
        super().__init__(
            f"the evidence for {job} does not hold: {why}; verify the whole ledger, and keep a copy of the database"
        )
        self.job, self.why = job, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Makes packs."""

    receipts: Receipts
    vault: Vault

    async def pack(self, case: Case) -> bytes:
        """Write everything that speaks for a job into one file.

        Raises:
            NotSignedYetError: no published checkpoint has all of its entries yet.
            EvidenceGoneError: their bodies were pruned.
            EvidenceDamagedError: the verifier that comes with the pack would not accept it.
        """
        receipt = await self.receipts.of(case)
        if receipt.pending:
            raise NotSignedYetError(receipt.pending[0])
        told = [json.loads(each.leaf) for each in receipt.proofs]
        told = [entry for entry in told if entry["event"]["type"] not in {CREATED, ROTATED}]
        documents, missing = await self._documents(case, told)
        members = {
            **_proofs(receipt),
            **documents,
            "README.txt": README,
            "trust-policy": (await self.receipts.proving.policy()).encode(),
            verifier.NAME: verifier.source(),
            **{name: qgw_verify.canonical(derive(told)) for name, derive in qgw_verify.DERIVED.items()},
        }
        content = qgw_verify.packed({**members, "manifest.json": _manifest(receipt, members, missing)})
        try:
            qgw_verify.pack(content)
        except qgw_verify.BrokenError as error:
            raise EvidenceDamagedError(case.name, str(error)) from None
        return content

    async def _documents(self, case: Case, told: qgw_verify.Entries) -> tuple[dict[str, bytes], dict[str, str]]:
        """Collect the documents that the entries speak of; gives also which are missing, and why."""
        found: dict[str, bytes] = {}
        missing: dict[str, str] = {}
        for name, digest in qgw_verify.documents(told).items():
            try:
                found |= await self._document(case, name, digest, told)
            except RefusedError as error:
                missing[name] = error.message
        return found, missing

    async def _document(self, case: Case, name: str, digest: str, told: qgw_verify.Entries) -> dict[str, bytes]:
        """Read one document, or one tree of files; raises `RefusedError` where it was erased or never kept."""
        match name.split("/"):
            case ["facts.json"]:
                decision = next(
                    each["event"]["body"]["decision"] for each in told if "decision" in each["event"]["body"]
                )
                return {name: await self.vault.open(object_id=decision["id"], kind="facts")}
            case ["provenance.json"]:
                return {name: await self.vault.open(object_id=case.name, kind="provenance")}
            case ["policy", "rego"]:
                rego = msgspec.json.decode(await self._kept(name, digest), type=dict[str, str])
                return {f"{name}/{path}": text.encode() for path, text in rego.items()}
            case ["policy", "data"]:
                tables = msgspec.json.decode(await self._kept(name, digest), type=dict[str, Any])
                return {f"{name}/{path}": msgspec.json.encode(table, order="sorted") for path, table in tables.items()}
            case ["calibration", _]:
                return {name: measured(await self._kept(name, digest), digest)}
            case _:
                return {name: await self._kept(name, digest)}

    async def _kept(self, name: str, digest: str) -> bytes:
        """Read what is stored by its content."""
        content_of = calibrations.content if name.startswith("calibration/") else policies.content
        async with self.receipts.database.reading() as connection:
            content = await content_of(connection, digest)
        if content is None:
            raise ErasedError(kind=name, object_id=digest)
        return content


def measured(content: bytes, digest: str) -> bytes:
    """Write of a stored snapshot what its digest is about: what was measured, where and when, not how we came by it."""
    stored = json.loads(content)
    moment = rfc3339(parse_rfc3339(stored["taken_at"]))
    for taken_at in (moment, moment[: len("2026-11-22")]):  # a vendor's moment, or the day of an emulated device
        facts = {**{name: stored[name] for name in ("backend", "gates", "qubits")}, "taken_at": taken_at}
        written = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
        if sha256(written).hexdigest() == digest:
            return written
    return content


def _proofs(receipt: Receipt) -> dict[str, bytes]:
    found = {"checkpoint": receipt.checkpoint.whole.encode()}
    for each in receipt.proofs:
        found[f"entries/{each.seq:012}.json"] = each.leaf
        found[f"entries/{each.seq:012}.tlog-proof"] = each.text.encode()
    return found


def _manifest(receipt: Receipt, members: Mapping[str, bytes], missing: Mapping[str, str]) -> bytes:
    return qgw_verify.canonical(
        {
            "format": qgw_verify.PACK,
            "job": receipt.case.name,
            "ledger": receipt.checkpoint.note.partition("\n")[0],
            "size": receipt.checkpoint.size,
            "missing": missing,
            "files": {name: sha256(content).hexdigest() for name, content in members.items()},
        }
    )
