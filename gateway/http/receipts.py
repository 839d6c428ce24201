"""Receipts and evidence packs over HTTP: of one's own jobs, or of all for whoever may export the ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from gateway.casework.evidence import Evidence
from gateway.casework.receipts import Case, Receipt
from gateway.domain.errors import NotFoundError
from gateway.domain.principal import Caller
from gateway.enforcement.access import Access

EXPORT: Final = "audit.export"
PACK: Final = "application/zip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who asks, and what they may see."""

    caller: Caller
    access: Access
    subject: Callable[[str], str]
    """Gives the digest under which the ledger speaks of somebody."""

    def visible(self, case: Case | None, name: str) -> Case:
        """Give the case if the caller may see it; somebody else's looks like none.

        Raises:
            NotFoundError: there is none for this caller.
        """
        if case is not None and self.access.permits(self.caller, EXPORT):
            return case
        if case is not None and case.refusal is not None:
            mine = case.refusal.body["principal"] == self.subject(self.caller.principal.id)
            if mine and case.project_id == self.caller.project.id:
                return case
        if case is None or case.record is None:
            raise NotFoundError(noun="job", name=name)
        self.access.visible(self.caller, case.record, name=name)
        return case


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptEntry:
    """One entry of the ledger with its proof."""

    leaf: str
    """The entry, byte for byte."""
    proof: str
    """C2SP tlog-proof, with the signed checkpoint that it leads to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """A receipt; keep it as it is, `qgw_verify.py` reads it."""

    format: str
    job: str
    client_job_id: str | None
    size: int
    """Entries of the checkpoint that the proofs lead to."""
    pending: list[int]
    """Entries that no published checkpoint has yet: ask again in some seconds."""
    entries: list[ReceiptEntry]

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptPage":
        """Write a receipt as it is handed out."""
        told = receipt.document()
        return cls(**told | {"entries": [ReceiptEntry(**each) for each in told["entries"]]})


class ReceiptController(Controller):
    """Proofs that what happened to a job is in the ledger."""

    path = "/receipts"
    tags = ("evidence",)

    @get("/{name:str}", operation_id="getReceipt")
    async def show(
        self, name: FromPath[str], reader: NamedDependency[Reader], evidence: NamedDependency[Evidence]
    ) -> ReceiptPage:
        """Prove every entry of a job (by its id), or of a refusal by policy (by the id of its decision).

        Answers carry this path in the header `qgw-receipt`. One's own jobs need no permission.
        """
        case = reader.visible(await evidence.receipts.find(name), name)
        return ReceiptPage.of(await evidence.receipts.of(case))


class EvidenceController(Controller):
    """Everything that speaks for a job, in one file."""

    path = "/evidence"
    tags = ("evidence",)

    @get(
        "/{name:str}",
        operation_id="getEvidence",
        responses={200: ResponseSpec(data_container=bytes, description="An evidence pack.", media_type=PACK)},
    )
    async def pack(
        self, name: FromPath[str], reader: NamedDependency[Reader], evidence: NamedDependency[Evidence]
    ) -> Response[bytes]:
        """Give the evidence pack of a job; it holds the facts of its decision, names of people included."""
        reader.access.require(reader.caller, EXPORT)
        case = reader.visible(await evidence.receipts.find(name), name)
        shown = {"content-disposition": f'attachment; filename="{case.name}.evidence.zip"'}
        return Response(await evidence.pack(case), media_type=PACK, headers=shown)
