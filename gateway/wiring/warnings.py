"""Fits the watch over limits together, and the way out to whoever wants to hear of warnings."""

import stat
from contextlib import AsyncExitStack
from typing import Final

from gateway.casework.courier import Courier, Webhook
from gateway.casework.entries import AdminEntries
from gateway.casework.watch import Watch
from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret
from gateway.settings.section import Place
from gateway.vendors.http import VendorSession
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
        webhooks[name] = Webhook(url=each.url, secret=_secret(name, each.secret_file), send=session.send)
    return Courier(database=house.database, clock=house.clock, webhooks=webhooks)


def _secret(name: str, path: Place) -> Secret:
    try:
        mode, content = stat.S_IMODE(path.stat().st_mode), path.read_bytes().strip()
    except OSError:
        raise WebhookSecretError(f"the secret_file of webhook {name} cannot be read; correct the path") from None
    if mode & 0o077:
        raise WebhookSecretError(f"the secret_file of webhook {name} can be read by others; run: chmod 600 {path}")
    if len(content) < _SHORTEST:
        raise WebhookSecretError(
            f"the secret of webhook {name} has less than {_SHORTEST} bytes; make one: openssl rand -hex 32"
        )
    return Secret(content)
