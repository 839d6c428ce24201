"""Whom an identity provider means: from its claims to a principal of this deployment and to roles.

Nobody is invented here. Whoever the settings do not lead to a principal that exists and may act, or to no role at
all, does not get in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import RefusedError
from gateway.identity.id_token import Claims, claim

_MOST: Final = 1000
"""Values of one claim that are looked at."""


class SignInRefusedError(RefusedError):
    """Somebody is who they say, and may not use the console all the same."""

    code = "sign-in-refused"

    def __init__(self, why: str) -> None:
        super().__init__(f"you cannot sign in: {why}; ask an administrator of this gateway")
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What the settings say of the provider's claims."""

    principal_claim: str
    """Which claim says who it is."""
    principals: Mapping[str, str]
    """Name of the principal by value of that claim; a value that is not here is the name itself."""
    roles_claim: str
    """Which claim says what somebody may do: a text, or a list of texts."""
    roles: Mapping[str, Sequence[str]]
    """Roles by value of that claim."""

    def name(self, claims: Claims) -> str:
        """Give the name of the principal that is meant.

        Raises:
            SignInRefusedError: the claims do not say, or only that somebody once typed an address.
        """
        value = claim(claims, self.principal_claim)
        if not isinstance(value, str) or not value:
            raise SignInRefusedError(f"the identity provider does not say your {self.principal_claim}")
        if self.principal_claim == "email" and claims.get("email_verified") is not True:
            raise SignInRefusedError("the identity provider has not verified your address")
        return self.principals.get(value, value)

    def groups(self, claims: Claims) -> tuple[str, ...]:
        """Give the values of the claim that roles are given for."""
        value = claim(claims, self.roles_claim)
        listed = value if isinstance(value, list) else [value]
        return tuple(sorted({each for each in listed[:_MOST] if isinstance(each, str) and each in self.roles}))

    def roles_of(self, groups: Sequence[str]) -> tuple[str, ...]:
        """Give the roles of somebody in these groups, as the settings are now."""
        return tuple(sorted({role for group in groups for role in self.roles.get(group, ())}))
