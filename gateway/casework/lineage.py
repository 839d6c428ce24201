"""The ledger's jobs as OpenLineage run events (specification 2-0-2), for data catalogues.

A run is a job of ours under its own id; an OpenLineage job is a program in a project, named by the digest of its
circuits, so that its runs stand together. Circuits, the calibration snapshot, the datasets of `qgw:dataset` tags and
the results of parent jobs go in; the result comes out. One entry makes one event, so that an export needs constant
memory and can go on where it stopped. People are not in it, and nothing of a payload or a result but digests.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import msgspec

from gateway.casework.inspection import PAGE, Entry, Inspection, JobUnknownError
from gateway.casework.provenance import Provenances

SPECIFICATION: Final = "https://openlineage.io/spec"
EVENT_SCHEMA: Final = f"{SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/RunEvent"
PRODUCER: Final = f"https://docs.example.org/quantum-governance-gateway/{version('quantum-governance-gateway')}"
_OURS: Final = "https://docs.example.org/schemas/openlineage.json#/$defs"
_STARTED: Final = "job.permitted"
_ENDED: Final = {"job.completed": "COMPLETE", "job.failed": "FAIL", "job.cancelled": "ABORT", "job.closed": "FAIL"}
_NO_DATA: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Writes run events of one ledger, whose origin is their namespace."""

    inspection: Inspection
    provenances: Provenances
    origin: str

    async def events(self, *, since: int = 0) -> AsyncIterator[dict[str, Any]]:
        """Go through the ledger from an entry on, and give an event for each job that began or ended.

        Each event names its entry in the facet `qgw_ledger`, to go on from.
        """
        while page := await self.inspection.entries(since=since, limit=PAGE):
            for entry in page:
                if (event := await self._event(entry)) is not None:
                    yield event
            since = page[-1].seq + 1

    async def of_job(self, name: str) -> list[dict[str, Any]]:
        """Give the events of one job.

        Raises:
            JobUnknownError: there is none of this name.
        """
        report = await self.inspection.job(name)
        found = [await self._event(entry) for entry in report.entries]
        return [event for event in found if event is not None]

    async def _event(self, entry: Entry) -> dict[str, Any] | None:
        # What was pruned has no body to tell of.
        if "job_id" not in entry.body:
            return None
        if entry.type == _STARTED:
            return await self._started(entry)
        return await self._ended(entry) if entry.type in _ENDED else None

    async def _started(self, entry: Entry) -> dict[str, Any]:
        body = entry.body
        told = await self._told(body["job_id"])
        inputs = [
            self._ours(f"circuits/{body['circuits']['digest']}"),
            *([self._ours(f"calibrations/{body['calibration']}")] if body["calibration"] else []),
            *(_dataset(each, self.origin) for each in _texts(told, "data.datasets") if each != _NO_DATA),
            *[await self._result_of(each) for each in _texts(told, "jobs.parents")],
        ]
        place = body["placement"]
        facets = {
            "qgw_placement": _facet("PlacementRunFacet", kind=place["kind"], **_known(place)),
            "qgw_policy": _facet("PolicyRunFacet", **_decision(body["decision"])),
        }
        if told is not None:
            facets["qgw_provenance"] = _facet("ProvenanceRunFacet", **told)
        return self._run_event(entry, "START", body["circuits"]["digest"], facets, inputs=inputs)

    async def _ended(self, entry: Entry) -> dict[str, Any]:
        body, kind = entry.body, _ENDED[entry.type]
        facets: dict[str, Any] = {}
        outputs: list[dict[str, Any]] = []
        if kind == "COMPLETE":
            stored = _standard("DatasetVersionDatasetFacet/1-0-1", datasetVersion=body["result"]["digest"])
            outputs = [self._ours(f"jobs/{body['job_id']}/result", facets={"version": stored})]
        elif kind == "FAIL":
            message, language = body["reason"] or "no reason is known", "quantum circuit"
            facets["errorMessage"] = _standard(
                "ErrorMessageRunFacet/1-0-1", message=message, programmingLanguage=language
            )
        if simulator := (body.get("execution") or {}).get("simulator"):
            name, _, release = simulator.rpartition(" ")
            facets["processing_engine"] = _standard("ProcessingEngineRunFacet/1-1-1", name=name, version=release)
        circuits = body.get("circuits_digest") or (await self.inspection.record(body["job_id"])).job.program_digest
        return self._run_event(entry, kind, circuits, facets, outputs=outputs)

    def _run_event(
        self,
        entry: Entry,
        kind: str,
        circuits: str,
        facets: Mapping[str, Any],
        *,
        inputs: Sequence[Mapping[str, Any]] = (),
        outputs: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, Any]:
        place = _facet("LedgerRunFacet", origin=self.origin, seq=entry.seq, leafHash=entry.leaf_hash)
        about = _standard(
            "JobTypeJobFacet/2-0-4", processingType="BATCH", integration="QUANTUM_GOVERNANCE_GATEWAY", jobType="JOB"
        )
        return {
            "eventType": kind,
            "eventTime": entry.at,
            "run": {"runId": entry.body["job_id"], "facets": {**facets, "qgw_ledger": place}},
            "job": {
                "namespace": self.origin,
                "name": f"{entry.project_id}/circuits/{circuits}",
                "facets": {"jobType": about},
            },
            "inputs": list(inputs),
            "outputs": list(outputs),
            "producer": PRODUCER,
            "schemaURL": EVENT_SCHEMA,
        }

    async def _told(self, job_id: str) -> Mapping[str, Any] | None:
        """Read what a job's provenance said at submission; `None` where it was erased."""
        sealed = await self.provenances.sealed(job_id)
        return None if sealed is None else msgspec.json.decode(sealed, type=dict[str, Any])

    async def _result_of(self, parent: str) -> dict[str, Any]:
        """Name a parent's result; what is no job of this gateway is named as its user did."""
        try:
            report = await self.inspection.record(parent)
        except JobUnknownError:
            return {"namespace": f"{self.origin}/unknown", "name": f"jobs/{parent}/result"}
        return self._ours(f"jobs/{report.job.id}/result")

    def _ours(self, name: str, **more: Any) -> dict[str, Any]:
        return {"namespace": self.origin, "name": name, **more}


def _dataset(reference: str, origin: str) -> dict[str, Any]:
    """Name a dataset as OpenLineage does: scheme and authority are its namespace, the path is its name."""
    scheme, parted, rest = reference.partition(":")
    if not parted or not rest:
        return {"namespace": origin, "name": f"datasets/{reference}"}
    if not rest.startswith("//"):
        return {"namespace": scheme, "name": rest}
    authority, _, path = rest[2:].partition("/")
    return {"namespace": f"{scheme}://{authority}", "name": path or "/"}


def _texts(told: Mapping[str, Any] | None, name: str) -> list[str]:
    return [] if told is None else list(told["fields"][name]["value"] or ())


def _known(place: Mapping[str, Any]) -> dict[str, Any]:
    return {name: place[name] for name in ("upstream", "backend", "fallback", "reason")}


def _decision(decision: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "decision": decision["id"],
        "policyRevision": decision["policy_revision"],
        "dataRevision": decision["data_revision"],
    }


def _facet(name: str, **values: Any) -> dict[str, Any]:
    """Write a facet of our own; its fields never begin with an underscore."""
    return {"_producer": PRODUCER, "_schemaURL": f"{_OURS}/{name}", **values}


def _standard(facet: str, **values: Any) -> dict[str, Any]:
    """Write one of OpenLineage's facets, given as its name and version."""
    name, _, release = facet.partition("/")
    return {
        "_producer": PRODUCER,
        "_schemaURL": f"{SPECIFICATION}/facets/{release}/{name}.json#/$defs/{name}",
        **values,
    }
