"""Price files: strict JSON that people review and date, read whole or refused.

An unknown field, a repeated key, a float, or a price without its source is refused. Two schemas are read:
`qgw.prices/2`, and `qgw.prices/1`, whose prices per job, shot and second become rates of the second.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import msgspec

from gateway.budgets.rates import Micros, Name, PerSecond, PerTask, Rate
from gateway.budgets.workload import Site
from gateway.domain.backend import ExecutionKind
from gateway.domain.errors import InsecureError

Word = Annotated[str, msgspec.Meta(min_length=1)]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]


class PriceFileError(InsecureError):
    """The price file cannot be used, and without prices nothing may be charged."""

    code = "price-file-invalid"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"price file {name}: {problem}; correct it, jobs are priced by nothing else")


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a price was read, and when."""

    date: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    title: Word
    url: str | None


class _Sum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price of `qgw.prices/1`: three parts that add up."""

    upstream: Word
    backend: Word
    kind: ExecutionKind
    per_job_micros: Micros
    per_shot_micros: Micros
    per_second_micros: Micros
    source: str

    def price(self) -> "Price":
        """Say the same in rates; time that costs nothing needs no bound."""
        task = PerTask(per_task_micros=self.per_job_micros, per_shot_micros=self.per_shot_micros)
        timed = [PerSecond(per_second_micros=self.per_second_micros)] if self.per_second_micros else []
        return Price(
            upstream=self.upstream, backend=self.backend, kind=self.kind, rates=[task, *timed], source=self.source
        )


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one kind of backend costs; its rates add up."""

    upstream: Word
    backend: Word
    """A name or glob pattern."""
    kind: ExecutionKind
    """Must be the backend's own, so that a simulator's price never fits a quantum computer."""
    rates: Annotated[list[Rate], msgspec.Meta(min_length=1)]
    source: str
    """Names one of the file's sources."""
    plan: Name | None = None
    """Only under this plan of the vendor account that pays; absent is any."""

    def fits(self, site: Site, plan: str) -> bool:
        """Say whether this is the price of a place under a plan."""
        return (
            self.upstream == site.upstream
            and self.kind is site.kind
            and self.plan in {None, plan}
            and fnmatchcase(site.backend, self.backend)
        )


class _First(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="schema", tag="qgw.prices/1"):
    currency: Currency
    sources: dict[str, Source]
    prices: list[_Sum]


class _Second(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="schema", tag="qgw.prices/2"):
    currency: Currency
    sources: dict[str, Source]
    prices: list[Price]


_File: TypeAlias = _First | _Second


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One price with what its file says of all of them."""

    price: Price
    currency: str
    source: Source

    @property
    def read(self) -> str:
        """Say where it was read, and when."""
        return f"{self.source.title} ({self.source.date})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFile:
    """One file, read and checked."""

    name: str
    content: bytes = field(repr=False)
    prices: Sequence[Listed] = field(repr=False)


def read(path: Path) -> PriceFile:
    """Read one price file.

    Raises:
        PriceFileError: absent, or not exactly of one of the schemas.
    """
    try:
        content = path.read_bytes()
        file = _parse(content)
        listed = [_listed(price, file) for price in _prices(file)]
    except FileNotFoundError:
        raise PriceFileError(path.name, "there is no such file") from None
    except (msgspec.MsgspecError, ValueError, OSError) as error:
        raise PriceFileError(path.name, str(error)) from None
    return PriceFile(name=path.name, content=content, prices=tuple(listed))


def additions(path: Path) -> list[PriceFile]:
    """Read an operator's own file, or every `*.json` of a folder in the order of their names.

    Raises:
        PriceFileError: there is none, or one cannot be used.
    """
    if not path.is_dir():
        return [read(path)]
    names = sorted(path.glob("*.json"))
    if not names:
        raise PriceFileError(path.name, "the folder holds no file *.json")
    return [read(each) for each in names]


def joined(files: Sequence[PriceFile]) -> tuple[bytes, str]:
    """Give what is stored of the files that make one book, and its digest: of one file its own bytes."""
    if len(files) == 1:
        content = files[0].content
    else:
        layers = [{"name": each.name, "text": each.content.decode()} for each in files]
        content = json.dumps({"layers": layers, "schema": "qgw.price-layers/1"}, sort_keys=True).encode()
    return content, hashlib.sha256(content).hexdigest()


def _parse(content: bytes) -> _File:
    """Read strictly; msgspec alone would keep the last of two equal keys without a word."""
    json.loads(content, object_pairs_hook=_unique)
    file: _File = msgspec.json.decode(content, type=_File)
    for name, source in file.sources.items():
        try:
            date.fromisoformat(source.date)
        except ValueError:
            raise ValueError(f"the source {name!r} has no date of the calendar: {source.date}") from None
    return file


def _prices(file: _File) -> Sequence[Price]:
    return [each.price() for each in file.prices] if isinstance(file, _First) else file.prices


def _listed(price: Price, file: _File) -> Listed:
    if price.source not in file.sources:
        raise ValueError(f"the source {price.source!r} of a price is not among its sources")
    return Listed(price=price, currency=file.currency, source=file.sources[price.source])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key {key!r} occurs twice")
    return dict(pairs)
