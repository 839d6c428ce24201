"""IonQ's results of a job that was changed: registers under their own names. That it was changed, its warnings say."""

import json
from collections.abc import Mapping

from adapters.ionq import documents
from gateway.domain.changes import Registers


def shots(kept: Mapping[str, bytes], registers: Registers) -> dict[str, bytes]:
    """Put the names of registers back where every shot is told by register.

    Raises:
        ValueError: the document is not of IonQ's format.
    """
    if documents.SHOTS_ARTIFACT not in kept or not registers:
        return dict(kept)
    told, own = json.loads(kept[documents.SHOTS_ARTIFACT]), registers[0]
    try:
        for shot in told["shots"]:
            shot["registers"] = {own.get(name, name): bits for name, bits in shot["registers"].items()}
    except (KeyError, TypeError, AttributeError):
        raise ValueError("the shots are told in another shape") from None
    return {**kept, documents.SHOTS_ARTIFACT: json.dumps(told, separators=(",", ":")).encode()}
