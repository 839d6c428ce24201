"""What a submission asks for besides its circuits, as options that policy and upstreams judge by dotted path.

The dialect and the reader both take them from here, so that what was judged is what a simulator is told.
"""

from collections.abc import Mapping
from typing import Any


def of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Gather the options of a parsed body: `settings.…`, `noise.model`, `dry_run`, and the simulator's seed.

    What asks only for what happens anyway, an ideal simulation that really runs, is no option.
    """
    settings, noise = _object(document, "settings"), _object(document, "noise")
    options: dict[str, Any] = {}
    if settings:
        options["settings"] = settings
    if noise.get("model") not in {None, "ideal"}:
        options["noise"] = {"model": noise["model"]}
    if noise.get("seed") is not None:
        options["simulator"] = {"seed_simulator": noise["seed"]}
    if document.get("dry_run"):
        options["dry_run"] = document["dry_run"]
    return options


def _object(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}
