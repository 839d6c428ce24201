"""An inclusion proof as a picture: from the entry at the bottom, hash by hash, up to the root that was signed.

Geometry only; the template draws it as SVG and says the same in a table. Lengths are units of the view box, in which
text is 15 high; the picture scales with its width.
"""

from dataclasses import dataclass
from typing import Final

from gateway.audit.proofs import Range
from gateway.casework.proving import Inclusion

WIDTH: Final = 460
BOX_WIDTH: Final = 144
BOX_HEIGHT: Final = 46
STEP: Final = 84
"""From one row of boxes to the next."""
MARGIN: Final = 8
PLATE: Final = 58
"""Height of the plate at the top: the checkpoint, and who signed it."""
GAP: Final = 30
"""Between the plate and the root."""
_MIDDLE: Final = WIDTH // 2
_ASIDE: Final = WIDTH // 2 - BOX_WIDTH // 2 - MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One hash."""

    kind: str
    """`leaf`, `sibling`, `node` or `root`: how it is drawn."""
    x: int
    y: int
    """Of the middle of the box."""
    hash: str
    entries: str

    @property
    def left(self) -> int:
        """Give where it begins."""
        return self.x - BOX_WIDTH // 2

    @property
    def top(self) -> int:
        """Give its upper edge."""
        return self.y - BOX_HEIGHT // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A path from one box up to the next."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The whole picture, and the same in words."""

    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    plate: tuple[str, str]
    """What stands on top: the checkpoint that names the root, and who signed it."""
    title: str
    told: str

    @property
    def view(self) -> str:
        """Give the view box."""
        return f"0 0 {WIDTH} {self.height}"


def draw(proof: Inclusion) -> Picture:
    """Draw a proof; the entry is at the bottom, and each row upwards spans more entries."""
    size, steps = proof.checkpoint.size, len(proof.path)
    height = 2 * MARGIN + PLATE + GAP + BOX_HEIGHT + steps * STEP
    bottom = height - MARGIN - BOX_HEIGHT // 2
    own = _box("leaf" if steps else "root", _MIDDLE, bottom, proof.leaf_hash, (proof.seq, proof.seq + 1))
    boxes, lines = [own], []
    for number, each in enumerate(proof.path, start=1):
        aside = _box("sibling", _MIDDLE + (-_ASIDE if each.left else _ASIDE), own.y, each.hash, each.entries)
        above = _box("root" if number == steps else "node", _MIDDLE, bottom - number * STEP, each.above, each.spanned)
        lines += [_line("own", own, above), _line("aside", aside, above)]
        boxes += [aside, above]
        own = above
    lines.append(Line(kind="own", path=f"M{own.x} {own.top} V{MARGIN + PLATE}"))
    seals = ", ".join(proof.witnesses)
    return Picture(
        height=height,
        boxes=tuple(boxes),
        lines=tuple(lines),
        plate=(
            f"checkpoint of {size:,} entries, {proof.stored.at:%d %b %H:%M}",
            f"signed twice by the ledger, and seen by {seals}"
            if seals
            else "signed twice by the ledger, by no witness",
        ),
        title=f"Proof that entry {proof.seq} is one of the {size} entries that were signed",
        told=(
            f"{steps} hashes lead from the hash of entry {proof.seq} to the Merkle root {proof.checkpoint.root.hex()}, "
            "which the signed checkpoint names; the table below lists each of them"
        ),
    )


def span(entries: Range) -> str:
    """Say which entries a hash stands for."""
    start, stop = entries
    return f"entry {start:,}" if stop == start + 1 else f"{start:,} to {stop - 1:,}"


def _box(kind: str, x: int, y: int, hash_: bytes, entries: Range) -> Box:
    return Box(kind=kind, x=x, y=y, hash=hash_.hex()[:10], entries=span(entries))


def _line(kind: str, below: Box, above: Box) -> Line:
    """Bend from the top of one box to the bottom of the next, so that two lines meet and do not cross."""
    start, end = below.top, above.top + BOX_HEIGHT
    bend = (start + end) // 2
    return Line(kind=kind, path=f"M{below.x} {start} C{below.x} {bend} {above.x} {bend} {above.x} {end}")
