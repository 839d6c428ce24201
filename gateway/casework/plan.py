"""What a job would cost, before it is submitted: by the price book, and against the limits of its project.

Nothing is held and nothing recorded; the price that counts is that of the submission. A program is read in the
sandbox, as the gateway reads it. Whoever submits it may be limited besides: limits of a person or a key are not here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.budgets.pricing import Pricing
from gateway.budgets.workload import NO_TERMS, Portion, Site, Terms, Workload
from gateway.casework.projects import Projects
from gateway.circuits.sandbox import Sandbox
from gateway.domain.budget import Payer, Standing, Unit
from gateway.domain.clock import Clock
from gateway.domain.errors import RefusedError
from gateway.domain.money import Quote
from gateway.domain.principal import Project
from gateway.ports.dialect import Dialect
from gateway.routing.fleet import Fleet
from gateway.store import books, limits
from gateway.store.engine import Database

NOBODY: Final = "operator"
"""In whose turn a program is read."""


class PriceUnknownError(RefusedError):
    """A backend has no price, so that no job can be planned for it, and none runs there if it is hardware."""

    code = "price-unknown"

    def __init__(self, backend: str, upstream: str | None) -> None:
        at = f" at {upstream}" if upstream else ""
        super().__init__(
            f"no price is known for {backend[:120]!r}{at}; add one to the folder of the setting budgets.own_prices, "
            "docs/how-to/prices.md shows how"
        )


class BackendAmbiguousError(RefusedError):
    """A backend's name alone does not tell whose it is."""

    code = "backend-ambiguous"

    def __init__(self, backend: str, upstreams: Sequence[str]) -> None:
        super().__init__(f"{backend[:120]!r} may be of {' or '.join(sorted(upstreams))}; say which with --upstream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A job that somebody thinks of submitting."""

    project: str
    """Name or id."""
    backend: str | None = None
    """In place of the one that the program names."""
    upstream: str | None = None
    """Whose backend it is, where its name alone does not tell."""
    terms: Terms = NO_TERMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One limit that counts the job, and what it would leave of it."""

    standing: Standing
    needed: int | None
    """`None` where the limit is kept in another currency than the price."""

    @property
    def fits(self) -> bool:
        """Whether the job would be let through by this limit."""
        return self.needed is not None and self.needed <= self.standing.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One job, priced."""

    site: Site
    project: Project
    plan: str
    """Of the vendor account that would pay; empty where none is named."""
    quote: Quote
    left: tuple[Left, ...]

    @property
    def fits(self) -> bool:
        """Whether every limit has enough left for it."""
        return all(each.fits for each in self.left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Prices jobs that nobody has submitted."""

    pricing: Pricing
    projects: Projects
    database: Database
    clock: Clock
    dialects: Mapping[str, Dialect]
    simulators: Fleet
    """Ours; a vendor's backends are known by their prices alone, since no vendor is asked."""
    sandbox: Sandbox
    """Must have been started to read programs."""

    async def sized(self, wish: Wish, *, circuits: int, portion: Portion, seconds: float) -> Plan:
        """Price a job by its size.

        Raises:
            PriceUnknownError, BackendAmbiguousError: what it would run on has no price, or may be several.
            UnknownNameError: there is no such project.
        """
        work = Workload.sized(circuits=circuits, portion=portion, seconds=seconds)
        return await self._plan(wish, wish.backend or "", work)

    async def read(self, wish: Wish, dialect: str, body: bytes) -> Plan:
        """Price a submission as a vendor's SDK would send it.

        Raises:
            RefusedError: it is malformed, or cannot be read.
            UnavailableError: no worker became free to read it.
        """
        submission = self.dialects[dialect].submission(body)
        project = await self.projects.named(wish.project)
        facts = await self.sandbox.measure(reader=dialect, body=body, project_id=project.id, principal_id=NOBODY)
        backend = wish.backend or submission.backend
        ours = self.simulators.find(backend) is not None
        asked = replace(
            wish,
            upstream=wish.upstream or (None if ours else dialect),
            terms=replace(
                wish.terms,
                max_seconds=submission.max_execution_seconds
                if wish.terms.max_seconds is None
                else wish.terms.max_seconds,
                mitigated=submission.mitigated if wish.terms.mitigated is None else wish.terms.mitigated,
            ),
        )
        return await self._plan(asked, backend, Workload.of(facts))

    async def _plan(self, wish: Wish, backend: str, work: Workload | None) -> Plan:
        project = await self.projects.named(wish.project)
        site = self._site(backend, wish.upstream)
        plan = wish.terms.plan or self.pricing.plan(site.upstream, project.id)
        quote = None if work is None else self.pricing.book.price(site, work, replace(wish.terms, plan=plan))
        if quote is None:
            raise PriceUnknownError(backend, site.upstream)
        standings = await self._standings(project, site)
        left = (Left(standing=each, needed=_needed(each, quote)) for each in standings)
        return Plan(site=site, project=project, plan=plan, quote=quote, left=tuple(left))

    def _site(self, backend: str, upstream: str | None) -> Site:
        ours = self.simulators.find(backend)
        if ours is not None and upstream in {None, ours.backend.upstream}:
            return Site.of(ours.backend)
        # All of our own are known by name, so what is not among them is a vendor's.
        found = [
            site
            for site in self.pricing.book.sites(backend, upstream)
            if site.upstream not in self.simulators.upstreams
        ]
        if not found:
            raise PriceUnknownError(backend, upstream)
        if len(found) > 1:
            raise BackendAmbiguousError(backend, [f"{site.upstream} ({site.kind})" for site in found])
        return found[0]

    async def _standings(self, project: Project, site: Site) -> Sequence[Standing]:
        payer = Payer(
            team=project.team,
            project_id=project.id,
            principal_id="",
            key_id="",
            upstream=site.upstream,
            backend=site.backend,
        )
        async with self.database.reading() as connection:
            every = await limits.every(connection)
            counting = [each for each in every if each.removed_at is None and each.counts(payer)]
            return await books.standings(connection, counting, self.clock.now())


def _needed(standing: Standing, quote: Quote) -> int | None:
    limit = standing.limit
    foreign = limit.unit is Unit.MONEY and quote.amount_micros > 0 and limit.currency != quote.currency
    return None if foreign else quote.charge.of(limit.unit)
