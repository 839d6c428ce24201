"""Fits together who may come into the console, and how the identity provider is asked."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Final

from gateway.casework.entries import AdminEntries
from gateway.casework.keys import UnknownRoleError
from gateway.casework.people import People
from gateway.casework.sign_ins import SignIns
from gateway.domain.errors import InsecureError
from gateway.domain.secret import Secret
from gateway.identity.provider import Provider, Registration
from gateway.settings.console import Oidc
from gateway.vendors.http import VendorSession
from gateway.wiring import secret_files
from gateway.wiring.house import House

MOUNT: Final = "/console"
CALLBACK: Final = f"{MOUNT}/sign-in/callback"
"""Where the provider sends people back to."""


class ClientSecretError(InsecureError):
    """The client secret of the identity provider cannot be read, is empty, or can be read by others."""

    code = "client-secret"


def sign_ins(house: House) -> SignIns:
    """Make what signs people in.

    Raises:
        UnknownRoleError: the settings give a role that policy does not know.
    """
    chosen = house.settings.console
    return SignIns(
        database=house.database,
        entries=AdminEntries(ledger=house.ledger, vault=house.vault, clock=house.clock),
        identity=house.identity,
        authenticator=house.authenticator,
        clock=house.clock,
        people=None if chosen.oidc is None else _people(house, chosen.oidc),
        issuer=None if chosen.oidc is None else chosen.oidc.issuer,
        idle=timedelta(minutes=chosen.idle_minutes),
        longest=timedelta(hours=chosen.session_hours),
        permissions=house.policies.roles,
    )


def provider(house: House, stack: AsyncExitStack) -> Provider | None:
    """Make what asks the identity provider; it is reached like a vendor: no redirect, TLS, bounded answers.

    Raises:
        ClientSecretError: its secret is not to be had, or is none any more.
    """
    chosen = house.settings.console.oidc
    if chosen is None or not house.settings.console.enabled:
        return None
    session = VendorSession("identity provider", chosen.http)
    stack.push_async_callback(session.close)
    registration = Registration(
        issuer=chosen.issuer,
        client_id=chosen.client_id,
        client_secret=_secret(chosen),
        redirect_uri=house.settings.server.url + CALLBACK,
        scopes=chosen.scopes,
        algorithms=chosen.algorithms,
        hosts=frozenset(chosen.hosts),
        claims=(chosen.principal_claim, chosen.roles_claim),
    )
    return Provider(registration, session.send, house.clock)


def _secret(chosen: Oidc) -> Secret | None:
    path = chosen.client_secret_file
    return None if path is None else secret_files.read(path, "console.oidc.client_secret_file", ClientSecretError)


def _people(house: House, chosen: Oidc) -> People:
    for role in (role for roles in chosen.roles.values() for role in roles):
        if role not in house.bundle.roles:
            raise UnknownRoleError(role, house.bundle.roles)
    return People(
        principal_claim=chosen.principal_claim,
        principals=chosen.principals,
        roles_claim=chosen.roles_claim,
        roles=chosen.roles,
    )
