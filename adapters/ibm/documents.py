"""What a completed job of IBM's left, by the names under which it is kept, and JSON of IBM's that is read gently."""

import json
from typing import Any, Final

RESULT: Final = "result"
METRICS: Final = "metrics"


def parsed(document: bytes | None) -> dict[str, Any]:
    """Read a JSON object; anything else is an empty one."""
    try:
        found = json.loads(document or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
