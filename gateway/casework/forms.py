"""What an adapter asks of an account at its vendor: the attributes that anybody may see, and the secrets.

Both are checked against the adapter's own strict models. What is wrong with a secret is said without a word of it,
and without the words of a validator that may quote it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from gateway.domain.errors import RefusedError
from gateway.domain.secret import Secret
from gateway.ports.registry import Adapter

_PLAIN: Final = frozenset(
    {"missing", "extra_forbidden", "too_short", "too_long", "string_type", "string_pattern_mismatch"}
)
"""Kinds of pydantic errors whose words are pydantic's own and hold no part of the value."""


class AccountRefusedError(RefusedError):
    """An attribute or a secret is missing, unknown, or not as the vendor's adapter wants it."""

    code = "account-refused"

    def __init__(self, vendor: str, what: str, known: Mapping[str, bool]) -> None:
        listed = ", ".join(name if required else f"{name} (optional)" for name, required in known.items()) or "none"
        super().__init__(f"{what}; an account at {vendor} takes: {listed}")
        self.vendor = vendor


class _Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What an account at one vendor needs."""

    vendor: str
    attributes: type[BaseModel] = field(repr=False)
    credential: type[BaseModel] = field(repr=False)

    @classmethod
    def of(cls, adapter: Adapter) -> "Form":
        """Read it from a vendor's adapter; what it does not declare, it does not take."""
        return cls(
            vendor=adapter.name,
            attributes=adapter.account or _Nothing,
            credential=adapter.credential or _Nothing,
        )

    @property
    def secrets(self) -> Mapping[str, bool]:
        """Name the secrets, each with whether it is required, in the adapter's order."""
        return _fields(self.credential)

    def checked_attributes(self, given: Mapping[str, str]) -> dict[str, str]:
        """Give the attributes back, completed by the adapter's defaults.

        Raises:
            AccountRefusedError: its model refuses them.
        """
        try:
            checked = self.attributes.model_validate(dict(given))
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False, include_context=False)[0]
            raise self._refused("attribute", found, found["msg"], self.attributes) from None
        return {name: str(value) for name, value in checked.model_dump(mode="json", exclude_none=True).items()}

    def checked_secrets(self, given: Mapping[str, Secret]) -> dict[str, Secret]:
        """Give the secrets back as the adapter's model has them.

        Raises:
            AccountRefusedError: its model refuses them.
        """
        try:
            checked = self.credential.model_validate({name: secret.reveal().decode() for name, secret in given.items()})
        except ValidationError as error:
            found = error.errors(include_input=False, include_url=False, include_context=False)[0]
            words = found["msg"] if found["type"] in _PLAIN else "it is not as the vendor's adapter wants it"
            raise self._refused("secret", found, words, self.credential) from None
        return {name: Secret.of(_text(value)) for name, value in checked if value is not None}

    def _refused(self, noun: str, found: Mapping[str, Any], words: str, model: type[BaseModel]) -> AccountRefusedError:
        name, known = ".".join(str(part) for part in found["loc"]), _fields(model)
        what = f"{noun} {name}: {words[:1].lower()}{words[1:]}"
        if name not in known:
            # The name itself may be a secret in the wrong place.
            what = f"there is no such {noun}, or they do not go together"
        return AccountRefusedError(self.vendor, what, known)


def _fields(model: type[BaseModel]) -> dict[str, bool]:
    return {name: info.is_required() for name, info in model.model_fields.items()}


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
