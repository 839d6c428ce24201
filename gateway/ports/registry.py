"""Adapters by entry point (group `gateway.adapters`), switched on and configured by settings.

An entry point names an `Adapter`: light to import, because the serving process loads it. Its reader is
a `module:attribute` text, loaded inside worker processes only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from pydantic import BaseModel, ValidationError

from gateway.domain.errors import InsecureError
from gateway.ports.dialect import Dialect
from gateway.ports.rerun import Rerunner
from gateway.ports.trial import Trial
from gateway.ports.upstream import Upstream, UpstreamContext
from gateway.ports.vendor import Vendor

GROUP = "gateway.adapters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What one adapter package offers; a simulator has no dialect, a dialect may have no upstream."""

    name: str
    settings: type[BaseModel]
    """Its own strict model, for `settings.adapters.<name>`."""
    dialect: Callable[[Any], Dialect] | None = None
    """Makes the dialect from its settings."""
    upstream: Callable[[Any, UpstreamContext], Upstream] | None = None
    """Makes the upstream from its settings and what it may use of the house."""
    reader: str | None = None
    """`module:attribute` of its reader."""
    vendor: Callable[[Any], Vendor] | None = None
    """Makes the vendor's API from its settings; the gateway makes an upstream of it when accounts are given."""
    account: type[BaseModel] | None = None
    """Strict model of an account's attributes, such as `crn` or `region`."""
    credential: type[BaseModel] | None = None
    """Strict model of an account's secrets: field names only, values are `SecretStr`."""
    encoder: str | None = None
    """`module:attribute` of an `Encoder`, for programs that arrived in another dialect."""
    editor: str | None = None
    """`module:attribute` of an `Editor`, for what policy obliges the gateway to change in its bodies."""
    trial: Trial | None = None
    """How the self-test submits in its dialect; without one it submits in another."""
    rerunner: Callable[[Any, Mapping[str, str]], Rerunner] | None = None
    """Makes what runs programs once more, from its settings and the readers by name; simulators only."""


class UnknownAdapterError(InsecureError):
    """The settings name an adapter that is not installed, or configure one wrongly."""

    code = "unknown-adapter"


def installed() -> Mapping[str, Adapter]:
    """Load every installed adapter, by name."""
    return {point.name: point.load() for point in entry_points(group=GROUP)}


def configured(adapters: Mapping[str, Adapter], sections: Mapping[str, Mapping[str, Any]]) -> Mapping[str, BaseModel]:
    """Check every `settings.adapters.<name>` section against its adapter's own model.

    Raises:
        UnknownAdapterError: a section for no installed adapter, or one that its model refuses.
    """
    if unknown := sorted(set(sections) - set(adapters)):
        raise UnknownAdapterError(
            f"adapters.{unknown[0]} is configured but not installed; installed: {sorted(adapters)}"
        )
    return {name: _model(adapter, sections.get(name, {})) for name, adapter in adapters.items()}


def _model(adapter: Adapter, section: Mapping[str, Any]) -> BaseModel:
    try:
        return adapter.settings.model_validate(dict(section))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnknownAdapterError(f"adapters.{adapter.name}.{where}: {first['msg']}") from None
