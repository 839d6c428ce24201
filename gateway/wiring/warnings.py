"""Fits the watch over limits together, and the way out to whoever wants to hear of warnings."""

from contextlib import AsyncExitStack
from typing import Final

from gateway.casework.courier import MANY, Courier, Webhook
from gateway.casework.entries import AdminEntries
from gateway.casework.watch import Watch
from gateway.domain.errors import InsecureError
from gateway.vendors.http import VendorSession
from gateway.wiring import secret_files
from gateway.wiring.house import House

_SHORTEST: Final = 24
"""Bytes of a secret that nobody guesses."""


class WebhookSecretError(InsecureError):
    """The secret of a webhook cannot be read, is too short, or can be read by others."""

    code = "webhook-secret"


def watch(house: House) -> Watch:
    """Make the watch."""
    return Watch(
        database=house.database,
        entries=AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock),
        clock=house.clock,
        metrics=house.metrics,
        webhooks=tuple(house.settings.webhooks),
        source=house.settings.ledger.origin,
    )


def courier(house: House, stack: AsyncExitStack) -> Courier:
    """Make the courier; each webhook is reached like a vendor: no redirect, TLS beyond this machine, bounded answers.

    Raises:
        WebhookSecretError: a secret is not to be had, or is none any more.
    """
    webhooks: dict[str, Webhook] = {}
    for name, each in house.settings.webhooks.items():
        session = VendorSession(f"webhook {name}", each.http)
        stack.push_async_callback(session.close)
        setting = f"webhooks.{name}.secret_file"
        secret = secret_files.read(each.secret_file, setting, WebhookSecretError, at_least=_SHORTEST)
        webhooks[name] = Webhook(url=each.url, secret=secret, send=session.send, many_type=MANY[each.format])
    return Courier(database=house.database, clock=house.clock, webhooks=webhooks)
