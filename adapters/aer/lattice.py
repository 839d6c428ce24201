"""Coupling graphs of the emulated devices: undirected edges between qubit numbers, smaller number first.

The shapes are public geometry: a line, and the heavy-hexagon lattice (hexagons with a qubit on every
corner and every side) in the two sizes that IBM published as Falcon (27 qubits) and Eagle (127 qubits).
Source: Chamberland et al., Physical Review X 10, 011022 (2020).
"""

from typing import TypeAlias

Edge: TypeAlias = tuple[int, int]

FALCON_QUBITS = 27
_FALCON_RINGS = (
    (1, 2, 3, 5, 8, 11, 14, 13, 12, 10, 7, 4),
    (12, 13, 14, 16, 19, 22, 25, 24, 23, 21, 18, 15),
)
_FALCON_SPURS = ((0, 1), (6, 7), (8, 9), (17, 18), (19, 20), (25, 26))


def line(qubits: int) -> tuple[Edge, ...]:
    """Join each qubit to the next."""
    return tuple((qubit, qubit + 1) for qubit in range(qubits - 1))


def falcon() -> tuple[Edge, ...]:
    """Join two hexagons of twelve qubits at a shared side, with six qubits hanging from them: 28 edges."""
    ring_edges = {
        (min(pair), max(pair)) for ring in _FALCON_RINGS for pair in zip(ring, ring[1:] + ring[:1], strict=True)
    }
    return tuple(sorted(ring_edges | set(_FALCON_SPURS)))


def heavy_hex(rows: int, columns: int) -> tuple[Edge, ...]:
    """Build a heavy-hexagon lattice of long rows joined by single qubits, numbered row by row.

    Connecting qubits stand at columns 0, 4, 8, … below even rows and 2, 6, 10, … below odd rows. The first
    row lacks its last site and the last row its first, because no hexagon needs them. `heavy_hex(7, 15)`
    is the 127-qubit lattice with 144 edges.

    Args:
        rows: long rows, odd and at least 3.
        columns: sites in a long row, a multiple of four less one.
    """
    numbers = {site: number for number, site in enumerate(_sites(rows, columns))}
    return tuple(
        sorted(
            (number, numbers[neighbour])
            for (row, column), number in numbers.items()
            for neighbour in ((row, column + 1), (row + 1, column))
            if neighbour in numbers
        )
    )


def _sites(rows: int, columns: int) -> list[tuple[int, int]]:
    """List `(row, column)` in numbering order; odd rows hold the connecting qubits."""
    sites: list[tuple[int, int]] = []
    for row in range(rows):
        first = 1 if row == rows - 1 else 0
        last = columns - 1 if row == 0 else columns
        sites += [(2 * row, column) for column in range(first, last)]
        if row < rows - 1:
            sites += [(2 * row + 1, column) for column in range(2 * (row % 2), columns, 4)]
    return sites


def qubit_count(edges: tuple[Edge, ...]) -> int:
    """Count the qubits an edge list reaches."""
    return 1 + max(qubit for edge in edges for qubit in edge)
