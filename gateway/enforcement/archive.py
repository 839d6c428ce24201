"""Calibration snapshots are stored by content before the first entry that names them."""

import msgspec

from gateway.domain.backend import Calibration
from gateway.domain.writes import RowWrite
from gateway.store import calibrations


class CalibrationArchive:
    """Remembers which snapshots this process has stored; storing one twice changes nothing."""

    def __init__(self) -> None:
        self._stored: set[str] = set()

    def rows(self, calibration: Calibration | None) -> tuple[RowWrite, ...]:
        """Give the row to write with the entry that first names a snapshot."""
        if calibration is None or calibration.digest in self._stored:
            return ()
        row = calibrations.write(
            digest=calibration.digest,
            backend=calibration.backend,
            taken_at=calibration.taken_at,
            content=msgspec.json.encode(calibration, order="sorted"),
        )
        return (row,)

    def stored(self, calibration: Calibration | None) -> None:
        """Note that a snapshot's row has been committed; a failed commit must offer it again."""
        if calibration is not None:
            self._stored.add(calibration.digest)
