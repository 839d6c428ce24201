"""What a fake vendor remembers over a restart: a file of JSON lines, the last word on each key counts.

Every change is one appended line, so that ten thousand jobs cost ten thousand lines and not their square.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any


class Journal:
    """Named tables of JSON values; without a file it remembers nothing and reads as empty."""

    def __init__(self, path: Path | None = None) -> None:
        """Read what is there; a last line that a kill cut short was never acknowledged and is left out."""
        self._tables: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        if path is not None and path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):
                    self._apply(*json.loads(line))
        self._file = path.open("w", encoding="utf-8") if path is not None else None
        for name, table in self._tables.items():
            for key, value in table.items():
                self._write(name, key, value)

    def table(self, name: str) -> dict[str, Any]:
        """Give a copy of what was last kept in a table, oldest key first."""
        return dict(self._tables[name])

    def keep(self, table: str, key: str, value: Any) -> None:
        """Remember a value; it is in the file when this returns."""
        if self._file is not None:
            self._apply(table, key, value)
            self._write(table, key, value)

    def forget(self, table: str, key: str) -> None:
        """Remember no longer."""
        self.keep(table, key, None)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _apply(self, table: str, key: str, value: Any) -> None:
        if value is None:
            self._tables[table].pop(key, None)
        else:
            self._tables[table][key] = value

    def _write(self, table: str, key: str, value: Any) -> None:
        assert self._file is not None
        self._file.write(json.dumps([table, key, value], separators=(",", ":")) + "\n")
        self._file.flush()
