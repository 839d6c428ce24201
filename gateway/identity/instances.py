"""Virtual accounts: each project looks like one instance of the vendor, with an id that tells nothing.

The id is an HMAC of the project's id, so it is stable, the same for every replica, and cannot be guessed
from a project's name; a vendor's dialect dresses it up (IBM's as a CRN).
"""

import hmac
from collections.abc import Iterable

from gateway.domain.principal import Project
from gateway.identity.api_keys import Deriver
from gateway.ports.answers import Instance


class Instances:
    """Derives the virtual account of a project."""

    def __init__(self, deriver: Deriver, *, region: str) -> None:
        self._key = deriver.derive("instance-id/1")
        self._region = region

    def of(self, project: Project, backends: Iterable[str]) -> Instance:
        """Give the account under which a project sees these backends."""
        digest = hmac.digest(self._key, project.id.encode(), "sha256")
        return Instance(id=digest[:16].hex(), name=project.name, region=self._region, backends=tuple(backends))
