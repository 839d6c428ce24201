"""Makes an upstream of every adapter that knows a vendor's API, and what these may use of the house."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.enforcement.entries import Entries
from gateway.enforcement.outside import HouseOutside
from gateway.ports.registry import Adapter, UnknownAdapterError
from gateway.ports.upstream import UpstreamContext
from gateway.ports.vendor import VendorJob
from gateway.settings import Settings
from gateway.store import attempts
from gateway.store.engine import Database
from gateway.telemetry.metrics import Metrics
from gateway.vault.credentials import Credentials
from gateway.vendors.http import VendorSession
from gateway.vendors.settings import VendorSettings
from gateway.vendors.sweep import Standing
from gateway.vendors.upstream import VendorUpstream
from gateway.wiring.house import House


def vendor_settings(settings: Settings, adapters: Mapping[str, Adapter]) -> Mapping[str, VendorSettings]:
    """Give each vendor its section, or the defaults.

    Raises:
        UnknownAdapterError: a section for no vendor that an installed adapter knows.
    """
    known = sorted(name for name, adapter in adapters.items() if adapter.vendor is not None)
    if unknown := sorted(set(settings.vendors) - set(known)):
        raise UnknownAdapterError(
            f"vendors.{unknown[0]} is configured, but no installed adapter asks it; known: {known}"
        )
    return {name: settings.vendors.get(name, VendorSettings()) for name in known}


def vendor_sessions(chosen: Mapping[str, VendorSettings]) -> Mapping[str, VendorSession]:
    """Make one HTTP session for each vendor; each connects when its first request is sent."""
    return {name: VendorSession(name, each.http) for name, each in chosen.items()}


def house_outside(
    house: House, entries: Entries, sessions: Mapping[str, VendorSession], *, leads: Callable[[], bool]
) -> HouseOutside:
    """Make the way out."""
    return HouseOutside(
        view=house.accounts,
        credentials=Credentials(house.vault),
        sessions=sessions,
        database=house.database,
        ledger=house.ledger,
        entries=entries,
        clock=house.clock,
        leads=leads,
    )


def vendor_upstream(
    adapter: Adapter,
    options: Any,
    context: UpstreamContext,
    chosen: VendorSettings,
    *,
    metrics: Metrics,
    database: Database,
) -> VendorUpstream:
    """Make the upstream of one vendor."""
    assert adapter.vendor is not None, "asked for adapters with a vendor only"

    async def books(job: VendorJob) -> Standing:
        async with database.reading() as connection:
            row = await attempts.known(connection, mark=job.mark, vendor_job_id=job.id)
        if row is None:
            return Standing.UNKNOWN
        given_up = row.state == "abandoned" and row.vendor_job_id != job.id
        return Standing.CLOSED if given_up else Standing.KNOWN

    return VendorUpstream(adapter.vendor(options), context, chosen.pace, metrics=metrics.vendors, books=books)
