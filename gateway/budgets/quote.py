"""What a job may cost at most before it runs, and what it cost afterwards, by price files that people review.

The revision of a book is the SHA-256 of its bytes, so that an entry can name exactly the prices it was made with.
The first price that fits a backend and its account's plan counts; an operator's own stand before the shipped ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Self

from gateway.budgets import price_file
from gateway.budgets.price_file import Listed, PriceFileError
from gateway.budgets.rates import LARGEST, Bounds, PerGate, PerSecond, PerTask, divided_up, total
from gateway.budgets.workload import MILLISECONDS, NO_TERMS, Site, Terms, Usage, Workload
from gateway.domain.backend import Backend, ExecutionKind
from gateway.domain.budget import Charge
from gateway.domain.circuit import ProgramFacts
from gateway.domain.money import Quote, Tariff

__all__ = ["DEFAULT_CAP_SECONDS", "PriceBook", "PriceFileError"]

DEFAULT_CAP_SECONDS: Final = 300
"""What a job that is priced by time may run for, where neither its caller nor policy says less or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBook:
    """All prices in force, read and checked."""

    revision: str
    """SHA-256 of the content, hexadecimal."""
    content: bytes = field(repr=False)
    """The files as they were read, to be stored under the revision."""
    prices: Sequence[Listed] = field(repr=False)
    cap_seconds: int = DEFAULT_CAP_SECONDS

    @classmethod
    def load(cls, path: Path, *, over: Path | None = None, cap_seconds: int = DEFAULT_CAP_SECONDS) -> Self:
        """Read a price file, and an operator's own file or folder whose prices go before it.

        Raises:
            PriceFileError: one is absent, or not exactly of a schema that is read.
        """
        files = [*([] if over is None else price_file.additions(over)), price_file.read(path)]
        content, revision = price_file.joined(files)
        prices = tuple(listed for file in files for listed in file.prices)
        return cls(revision=revision, content=content, prices=prices, cap_seconds=cap_seconds)

    def quote(self, backend: Backend, facts: ProgramFacts, terms: Terms = NO_TERMS) -> Quote | None:
        """Say what a program may cost on a backend; `None` when that is not known, which policy denies."""
        work = Workload.of(facts)
        return None if work is None else self.price(Site.of(backend), work, terms)

    def price(self, site: Site, work: Workload, terms: Terms = NO_TERMS) -> Quote | None:
        """Say what a job of a size may cost somewhere; `None` when that is not known."""
        listed = self._of(site, terms.plan)
        if listed is None:
            return None
        seconds = self.cap_seconds if terms.max_seconds is None else terms.max_seconds
        cost = total(rate.cost(work, Bounds(seconds=seconds, mitigated=terms.mitigated)) for rate in listed.price.rates)
        bound = seconds if any(isinstance(rate, PerSecond) for rate in listed.price.rates) else None
        occupied = _occupied(site, work, bound)
        native = 0 if cost.native is None else cost.native[0]
        if seconds < 0 or max(cost.most_micros, work.shots, occupied, native) > LARGEST:
            return None
        return Quote(
            amount_micros=cost.most_micros,
            estimate_micros=cost.expected_micros,
            currency=listed.currency,
            price_revision=self.revision,
            basis=_basis(listed),
            source=listed.read,
            circuits=len(work.portions),
            shots=work.shots,
            qpu_milliseconds=occupied,
            bound_seconds=bound,
            native=cost.native,
        )

    def charge(self, usage: Usage, held: Charge) -> Charge:
        """Say what a job really took, from what its vendor reports of usage and from what was held for it.

        What the report leaves open is charged as it was held, in proportion to the shots where those are told.
        """
        listed = self._of(usage.site, usage.plan)
        priced = (
            [None]
            if listed is None or listed.currency != held.currency
            else [rate.charged(usage) for rate in listed.price.rates]
        )
        known = [amount for amount in priced if amount is not None]
        micros = sum(known) if len(known) == len(priced) else _in_proportion(usage, held)
        return _taken(usage, held, min(micros, LARGEST))

    def tariff(self, site: Site, terms: Terms = NO_TERMS) -> Tariff | None:
        """Say what is charged for somewhere; `None` when that is not known."""
        listed = self._of(site, terms.plan)
        if listed is None:
            return None
        tariff = Tariff(currency=listed.currency, source=listed.read)
        for rate in listed.price.rates:
            match rate:
                case PerTask():
                    tariff = replace(tariff, per_task_micros=rate.per_task_micros, per_shot_micros=rate.per_shot_micros)
                case PerSecond():
                    tariff = replace(tariff, per_second_micros=rate.per_second_micros)
                case PerGate():
                    tariff = replace(
                        tariff,
                        one_qubit_gate_nanos=rate.one_qubit_gate_nanos,
                        two_qubit_gate_nanos=rate.two_qubit_gate_nanos,
                        minimum_micros=rate.minimum(mitigated=terms.mitigated is not False),
                    )
        return tariff

    def sites(self, backend: str, upstream: str | None = None) -> list[Site]:
        """Guess where a backend may be from its name alone: the places whose price names it most exactly."""
        fitting: dict[Site, int] = {}
        for price in (each.price for each in self.prices):
            if upstream in {None, price.upstream} and fnmatchcase(backend, price.backend):
                site = Site(upstream=price.upstream, backend=backend, kind=price.kind)
                fitting[site] = max(len(price.backend), fitting.get(site, 0))
        return [site for site, exact in fitting.items() if exact == max(fitting.values())]

    def _of(self, site: Site, plan: str) -> Listed | None:
        return next((each for each in self.prices if each.price.fits(site, plan)), None)


def _basis(listed: Listed) -> str:
    return " and ".join(rate.words(listed.currency) for rate in listed.price.rates) + f" ({listed.price.source})"


def _occupied(site: Site, work: Workload, bound_seconds: int | None) -> int:
    """Give the longest time on a quantum computer; what has no bound is believed its estimate."""
    if site.kind is not ExecutionKind.HARDWARE:
        return 0
    return work.milliseconds if bound_seconds is None else bound_seconds * MILLISECONDS


def _in_proportion(usage: Usage, held: Charge) -> int:
    if usage.shots is None:
        return held.micros if usage.completed else 0
    if not usage.completed and not usage.shots:
        return 0
    return divided_up(held.micros * min(usage.shots, held.shots), held.shots) if held.shots else held.micros


def _taken(usage: Usage, held: Charge, micros: int) -> Charge:
    """Take the other units from the report, too; what of a job did not run is not taken."""
    if not (usage.completed or usage.shots or usage.milliseconds):
        return replace(held, micros=micros, jobs=0, circuits=0, shots=0, qpu_milliseconds=0)
    hardware = usage.site.kind is ExecutionKind.HARDWARE
    told = held.qpu_milliseconds if usage.milliseconds is None else usage.milliseconds
    shots = held.shots if usage.shots is None else usage.shots
    return replace(held, micros=micros, shots=shots, qpu_milliseconds=told if hardware else 0)
