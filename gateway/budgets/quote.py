"""What a job may cost at most, from a price file that people review and date.

The file is strict JSON: an unknown field, a repeated key, a float or a price without its source is refused.
Its revision is the SHA-256 of its bytes, so that an entry can name exactly the prices it was made with. The
first price that fits a backend counts. Amounts are rounded up to the next micro.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import msgspec

from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.circuit import ProgramFacts
from gateway.domain.errors import InsecureError
from gateway.domain.money import Quote

_LARGEST: Final = 2**53 - 1
"""Amounts stand in ledger entries, where integers stay below 2**53."""
_MILLISECONDS: Final = 1000

Micros = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]


class PriceFileError(InsecureError):
    """The price file cannot be used, and without prices nothing may be charged."""

    code = "price-file-invalid"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"price file {name}: {problem}; correct it, jobs are priced by nothing else")


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a price was read, and when."""

    date: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    title: Annotated[str, msgspec.Meta(min_length=1)]
    url: str | None


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one kind of backend costs; the three parts add up."""

    upstream: Annotated[str, msgspec.Meta(min_length=1)]
    backend: Annotated[str, msgspec.Meta(min_length=1)]
    """A name or glob pattern."""
    kind: ExecutionKind
    """Must be the backend's own, so that a simulator's price never fits a quantum computer."""
    per_job_micros: Micros
    per_shot_micros: Micros
    per_second_micros: Micros
    source: str
    """Names one of the file's sources."""

    def fits(self, backend: Backend) -> bool:
        """Say whether this is the price of a backend."""
        return (
            self.upstream == backend.upstream and self.kind is backend.kind and fnmatchcase(backend.name, self.backend)
        )


class _PriceFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: Literal["qgw.prices/1"]
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
    sources: dict[str, Source]
    prices: list[Price]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBook:
    """One price file, read and checked."""

    revision: str
    """SHA-256 of the file, hexadecimal."""
    content: bytes = field(repr=False)
    """The file as it was read, to be stored under its revision."""
    currency: str
    prices: Sequence[Price] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a price file.

        Raises:
            PriceFileError: absent, or not exactly of the schema `qgw.prices/1`.
        """
        try:
            content = path.read_bytes()
            file = _parse(content)
        except FileNotFoundError:
            raise PriceFileError(path.name, "there is no such file") from None
        except (msgspec.MsgspecError, ValueError) as error:
            raise PriceFileError(path.name, str(error)) from None
        if unsourced := sorted({price.source for price in file.prices} - set(file.sources)):
            raise PriceFileError(path.name, f"the source {unsourced[0]!r} of a price is not among its sources")
        return cls(
            revision=hashlib.sha256(content).hexdigest(),
            content=content,
            currency=file.currency,
            prices=tuple(file.prices),
        )

    def quote(self, backend: Backend, facts: ProgramFacts) -> Quote | None:
        """Say what a program may cost on a backend; `None` when that is not known, which policy denies."""
        return self.estimate(backend, shots=facts.total_shots, seconds=facts.estimated_seconds)

    def estimate(self, backend: Backend, *, shots: int, seconds: float) -> Quote | None:
        """Say what a job of a size may cost on a backend; `None` when that is not known."""
        price = next((price for price in self.prices if price.fits(backend)), None)
        milliseconds = _milliseconds(seconds)
        if price is None or milliseconds is None or shots < 0:
            return None
        amount = (
            price.per_job_micros
            + price.per_shot_micros * shots
            + _divided_up(price.per_second_micros * milliseconds, _MILLISECONDS)
        )
        return self._quote(price, amount) if amount <= _LARGEST else None

    def _quote(self, price: Price, amount: int) -> Quote:
        return Quote(
            amount_micros=amount,
            currency=self.currency,
            price_revision=self.revision,
            basis=f"{price.per_job_micros} per job, {price.per_shot_micros} per shot, "
            f"{price.per_second_micros} per second, in micros of {self.currency} ({price.source})",
        )


def _parse(content: bytes) -> _PriceFile:
    """Read strictly; msgspec alone would keep the last of two equal keys without a word."""
    json.loads(content, object_pairs_hook=_unique)
    return msgspec.json.decode(content, type=_PriceFile)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key {key!r} occurs twice")
    return dict(pairs)


def _milliseconds(seconds: float) -> int | None:
    """Round an estimate up to whole milliseconds; from here on money is computed in integers."""
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return math.ceil(seconds * _MILLISECONDS)


def _divided_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
