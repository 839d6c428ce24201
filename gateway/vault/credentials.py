"""What a vendor knows us by: sealed under the account's id and version, opened for one call and kept nowhere.

The sealed bytes are JSON of field name to secret. They are bound to the account, to the version and to whose key
sealed them, so that no row opens as another account's or an older one's. An account of one project is sealed under
that project's key: whoever erases the project's key erases its credentials.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.domain.secret import Secret
from gateway.domain.writes import SealedWrite
from gateway.ports.vendor import Account
from gateway.vault.vault import Vault

EVERYBODY: Final = "_vendors"
"""Under whose key the accounts of no single project are sealed; a reserved name beside the projects' ids."""


def kind(account: Account) -> str:
    """Name the sealed object that holds an account's credential in its version."""
    return f"credential/v{account.version}"


class Credentials:
    """Seals and opens the credentials of accounts."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def seal(self, account: Account, secrets: Mapping[str, Secret]) -> SealedWrite:
        """Seal the credential of an account's version, for the unit that records it."""
        fields = {name: secret.reveal().decode() for name, secret in secrets.items()}
        return await self._vault.seal(
            project_id=account.project_id or EVERYBODY,
            object_id=account.id,
            kind=kind(account),
            plaintext=msgspec.json.encode(fields),
        )

    async def open(self, account: Account) -> Mapping[str, Secret]:
        """Open the credential of exactly this version; recording the use is for who asks.

        Raises:
            ErasedError: it was rotated or removed.
            TenantKeyGoneError: its project's key was erased.
            DamagedError: it is not as it was sealed.
        """
        opened = await self._vault.open(object_id=account.id, kind=kind(account))
        fields = msgspec.json.decode(opened, type=dict[str, str])
        return {name: Secret.of(text) for name, text in fields.items()}
