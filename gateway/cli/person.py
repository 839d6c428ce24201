"""Who sits at the terminal, where it matters that it is one person and not another: shown by their own gateway key."""

import rich_click as click

from gateway.cli.unseen import read_secrets
from gateway.domain.principal import Caller
from gateway.enforcement.access import Access
from gateway.ports.dialect import ApiKey
from gateway.wiring import House

key_option = click.option(
    "--key-file",
    "key_source",
    type=click.Path(allow_dash=True, path_type=str),
    help="File with your own gateway key; - is stdin. Else you are asked for it.",
)


def identified(house: House, source: str | None, permission: str) -> Caller:
    """Say who it is, if that one may.

    Raises:
        RefusedError: no good key, or none of its roles has the permission.
    """
    caller = holder(house, source)
    Access(house.policies.roles).require(caller, permission)
    return caller


def holder(house: House, source: str | None) -> Caller:
    """Say whose key it is.

    Raises:
        UsageError: no key at all.
        RefusedError: no good key.
    """
    key = read_secrets({"key": True}, source).get("key")
    if key is None:
        raise click.UsageError("no gateway key was given; use --key-file FILE, or - and give it on stdin")
    return house.authenticator.caller(ApiKey(key))
