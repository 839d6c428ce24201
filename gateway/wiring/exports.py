"""Fits together who takes the ledger away: scheduled exports, and entries for webhooks."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Final

from gateway.casework.archive import Archive, Plan
from gateway.casework.bucket import BucketPlace
from gateway.casework.formats import Form
from gateway.casework.forwarding import Forwarding, Subscription
from gateway.casework.lag import Lag
from gateway.casework.places import Directory, Place
from gateway.domain.errors import InsecureError
from gateway.domain.signature import S3, Signer
from gateway.settings.exports import Bucket, Export
from gateway.vendors.http import VendorSession
from gateway.wiring import secret_files
from gateway.wiring.house import House

_LEDGER: Final = "ledger"


class ExportSecretError(InsecureError):
    """The secret access key of a scheduled export cannot be read, or can be read by others."""

    code = "export-secret"


def archive(house: House, stack: AsyncExitStack) -> Archive:
    """Make what carries scheduled exports out; a bucket is reached like a vendor.

    Raises:
        ExportSecretError: a secret is not to be had.
    """
    return Archive(
        database=house.database,
        tree=house.checkpoints.tree,
        search=house.search,
        clock=house.clock,
        plans={name: _plan(house, stack, name, each) for name, each in house.settings.exports.items()},
        witnesses_required=house.settings.witnesses_required,
    )


def forwarding(house: House) -> Forwarding:
    """Make what writes entries to webhooks."""
    wanted = {
        name: Subscription(types=each.entries, form=Form(each.format))
        for name, each in house.settings.webhooks.items()
        if each.entries
    }
    return Forwarding(database=house.database, search=house.search, clock=house.clock, subscriptions=wanted)


def lag(house: House) -> Lag:
    """Make what looks how far all of them are behind."""
    return Lag(
        database=house.database,
        index=house.search.index,
        metrics=house.metrics.following,
        exports=frozenset(house.settings.exports),
        webhooks=frozenset(name for name, each in house.settings.webhooks.items() if each.entries),
    )


def _plan(house: House, stack: AsyncExitStack, name: str, chosen: Export) -> Plan:
    place: Place
    if chosen.bucket is not None:
        place = _bucket(house, stack, name, chosen.bucket)
    else:
        assert chosen.directory is not None, "the settings name one of both"
        place = Directory(chosen.directory)
    return Plan(
        place=place,
        form=None if chosen.format == _LEDGER else Form(chosen.format),
        every=timedelta(seconds=chosen.every_seconds),
        entries=chosen.entries,
    )


def _bucket(house: House, stack: AsyncExitStack, name: str, chosen: Bucket) -> BucketPlace:
    session = VendorSession(f"export {name}", chosen.http)
    stack.push_async_callback(session.close)
    secret = secret_files.read(chosen.secret_file, f"exports.{name}.bucket.secret_file", ExportSecretError)
    return BucketPlace(
        url=f"{chosen.endpoint}/{chosen.name}/{chosen.prefix}",
        signer=Signer(access_key_id=chosen.access_key_id, secret=secret, region=chosen.region, service=S3),
        retention=timedelta(days=chosen.retain_days),
        mode=chosen.mode,
        clock=house.clock,
        send=session.send,
    )
