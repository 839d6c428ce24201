"""Calibration snapshots are stored by content before the first entry that names them."""

import msgspec

from gateway.domain.backend import Calibration
from gateway.domain.clock import rfc3339
from gateway.domain.writes import RowWrite


class CalibrationArchive:
    """Remembers which snapshots this process has stored; storing one twice changes nothing."""

    def __init__(self) -> None:
        self._stored: set[str] = set()

    def rows(self, calibration: Calibration | None) -> tuple[RowWrite, ...]:
        """Give the row to write with the entry that first names a snapshot."""
        if calibration is None or calibration.digest in self._stored:
            return ()
        values = {
            "digest": calibration.digest,
            "backend": calibration.backend,
            "taken_at": rfc3339(calibration.taken_at),
            "content": msgspec.json.encode(calibration, order="sorted"),
        }
        return (RowWrite(table="calibration", values=values),)

    def stored(self, calibration: Calibration | None) -> None:
        """Note that a snapshot's row has been committed; a failed commit must offer it again."""
        if calibration is not None:
            self._stored.add(calibration.digest)
