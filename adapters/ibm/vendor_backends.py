"""IBM's backends in our words: from the list, and from a configuration that is fetched once an hour.

A configuration is also fetched again when a calibration names another version of its backend. A backend whose
configuration cannot be had or read is left out, because nothing could be judged or written for it. Units on this
wire: `dt` in nanoseconds, repetition delays in microseconds.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from adapters.ibm.documents import parsed
from gateway.domain.backend import Backend, BackendStatus, ExecutionKind, GateSpec
from gateway.domain.clock import parse_rfc3339
from gateway.ports.vendor import BackendReport, VendorCredentialError, VendorRefusedError

Fetch: TypeAlias = Callable[[str], Awaitable[bytes]]
"""A path below the API's base to its bytes."""

_KEPT_FOR: Final = timedelta(hours=1)
_SHOTS, _CIRCUITS = 100_000, 300
"""What IBM documents where a configuration says nothing."""
_MICRO, _NANO = 1e-6, 1e-9


@dataclass(frozen=True, slots=True)
class _Kept:
    backend: Backend
    listed: Any
    """What the list said of the device itself when it was fetched."""
    until: datetime


class Catalog:
    """The configurations that were fetched, by the address of the API and the backend's name."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def reports(
        self, listed: Mapping[str, Any], fetch: Fetch, *, base: str, region: str, now: datetime
    ) -> list[BackendReport]:
        """Describe every backend of a list, mock devices apart."""
        found = []
        for told in listed["devices"]:
            if told.get("class") == "mock":
                continue
            backend = await self._backend(told, fetch, base=base, now=now)
            if backend is not None:
                found.append(BackendReport(backend=replace(backend, region=region), status=_status(told)))
        return found

    def note(self, base: str, name: str, version: str) -> None:
        """Forget a configuration of another version than the backend has now."""
        kept = self._kept.get((base, name))
        if kept is not None and kept.backend.version != version:
            del self._kept[base, name]

    async def _backend(self, told: Mapping[str, Any], fetch: Fetch, *, base: str, now: datetime) -> Backend | None:
        name, listed = str(told["name"]), (told.get("qubits"), told.get("processor_type"))
        kept = self._kept.get((base, name))
        if kept is not None and kept.listed == listed and now < kept.until:
            return kept.backend
        try:
            configuration = await fetch(f"/backends/{quote(name, safe='')}/configuration")
            backend = replace(_described(parsed(configuration), told), told=configuration)
        except VendorCredentialError:
            raise
        except (VendorRefusedError, ValueError, KeyError, TypeError):
            return None
        self._kept[base, name] = _Kept(backend, listed, now + _KEPT_FOR)
        return backend


def _described(told: Mapping[str, Any], listed: Mapping[str, Any]) -> Backend:
    processor = told.get("processor_type") or listed.get("processor_type") or {}
    shortest, longest = told.get("rep_delay_range") or (0.0, 0.0)
    instructions = told.get("supported_instructions") or told["basis_gates"]
    simulated = bool(told.get("simulator") or listed.get("is_simulator"))
    return Backend(
        name=str(listed["name"]),
        upstream="ibm",
        vendor="ibm",
        region="",
        kind=ExecutionKind.SIMULATOR if simulated else ExecutionKind.HARDWARE,
        qubits=int(told["n_qubits"]),
        basis_gates=tuple(map(str, told["basis_gates"])),
        gates=tuple(_gate(gate) for gate in told["gates"]),
        coupling_map=tuple((int(low), int(high)) for low, high in told.get("coupling_map") or ()),
        supported_instructions=tuple(map(str, instructions)),
        max_shots=int(told.get("max_shots") or _SHOTS),
        max_circuits=int(told.get("max_experiments") or _CIRCUITS),
        dynamic_circuits="if_else" in instructions,
        processor_family=str(processor.get("family") or "unknown"),
        processor_revision=str(processor.get("revision") or "unknown"),
        version=str(told["backend_version"]),
        online_since=parse_rfc3339(told["online_date"]),
        description=str(told.get("description") or told["backend_name"]),
        rep_delay_seconds=(
            float(shortest) * _MICRO,
            float(told.get("default_rep_delay") or shortest) * _MICRO,
            float(longest) * _MICRO,
        ),
        dt_seconds=float(told.get("dt") or 1.0) * _NANO,
    )


def _gate(told: Mapping[str, Any]) -> GateSpec:
    places = told.get("coupling_map") or ()
    return GateSpec(
        name=str(told["name"]),
        parameters=tuple(map(str, told.get("parameters") or ())),
        qubits=tuple(tuple(int(qubit) for qubit in place) for place in places),
    )


def _status(told: Mapping[str, Any]) -> BackendStatus:
    """Read `online`, `paused` or `offline`; the reason tells why."""
    status = told.get("status") or {}
    word = str(status.get("name", "unknown"))
    return BackendStatus(
        online=word == "online",
        queue_length=int(told.get("queue_length") or 0),
        message=str(status.get("reason") or word),
    )
