"""Operations that remember what their answer needs; `enforcement` sees only what they are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.ports.operations import EstimateCost, ShowJob, ShowResults, ShowUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowChild(ShowJob):
    """Show one circuit of a job as a job of its own."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChildren(ShowJob):
    """List the circuits of a job as jobs of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPart(ShowResults):
    """Fetch one of several joined documents."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate(EstimateCost):
    """Price a job, and repeat what was asked."""

    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPeriod(ShowUsage):
    """Show usage, in the shape of an organization's report."""

    organization: str
    start: str
    end: str
    group_by: str
    modality: str
