"""Orders, results and calibrations between the gateway and a worker, as the plain values a frame carries."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from adapters.aer.settings import AerSettings
from gateway.domain.backend import Calibration, GateCalibration, QubitCalibration
from gateway.domain.result import ItemResult, ProgramResult, Register, Summary, Tensor


def order(
    *,
    reader: str,
    body: bytes,
    methods: Sequence[str],
    settings: AerSettings,
    calibration: Calibration | None,
    seed: int | None = None,
) -> dict[str, Any]:
    """Write an order for a frame; noise comes from `calibration`, and without a seed the worker finds or draws one."""
    return {
        "reader": reader,
        "body": body,
        "methods": list(methods),
        "cpu_seconds": settings.cpu_seconds,
        "memory_bytes": settings.memory_bytes,
        "threads": settings.threads,
        "calibration": None if calibration is None else encode_calibration(calibration),
        "seed": seed,
    }


def encode_result(result: ProgramResult) -> dict[str, Any]:
    """Write a result for a frame."""
    return {**_plain(result), "items": [_item(item) for item in result.items]}


def decode_result(plain: Mapping[str, Any]) -> ProgramResult:
    """Read a result that came in a frame."""
    return ProgramResult(**{**plain, "items": tuple(_read_item(item) for item in plain["items"])})


def encode_calibration(calibration: Calibration) -> dict[str, Any]:
    """Write a calibration for a frame."""
    return {
        **_plain(calibration),
        "taken_at": calibration.taken_at.isoformat(),
        "qubits": [_plain(qubit) for qubit in calibration.qubits],
        "gates": [_plain(gate) for gate in calibration.gates],
        "provenance": dict(calibration.provenance),
    }


def decode_calibration(plain: Mapping[str, Any]) -> Calibration:
    """Read a calibration that came in a frame."""
    return Calibration(
        **{
            **plain,
            "taken_at": datetime.fromisoformat(plain["taken_at"]),
            "qubits": tuple(QubitCalibration(**qubit) for qubit in plain["qubits"]),
            "gates": tuple(GateCalibration(**{**gate, "qubits": tuple(gate["qubits"])}) for gate in plain["gates"]),
        }
    )


def _item(item: ItemResult) -> dict[str, Any]:
    return {
        **_plain(item),
        "registers": {
            name: {"bits": register.bits, "samples": _plain(register.samples)}
            for name, register in item.registers.items()
        },
        "tensors": {name: _plain(tensor) for name, tensor in item.tensors.items()},
        "summary": _plain(item.summary),
    }


def _read_item(plain: Mapping[str, Any]) -> ItemResult:
    return ItemResult(
        **{
            **plain,
            "registers": {
                name: Register(bits=register["bits"], samples=_read_tensor(register["samples"]))
                for name, register in plain["registers"].items()
            },
            "tensors": {name: _read_tensor(tensor) for name, tensor in plain["tensors"].items()},
            "shape": tuple(plain["shape"]),
            "summary": Summary(**plain["summary"]),
        }
    )


def _read_tensor(plain: Mapping[str, Any]) -> Tensor:
    return Tensor(**{**plain, "shape": tuple(plain["shape"])})


def _plain(value: Any) -> dict[str, Any]:
    """Give the fields of a frozen value, without going into them: copying samples would double the memory."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
