"""The table of labels that circuits were given."""

from typing import Final

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, String, Table

from gateway.store import naming

circuit_label: Final = Table(
    "circuit_label",
    naming.metadata,
    Column("mark", String(64), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("since", String(27), nullable=False),
    Column("fixed", Boolean, nullable=False),
    CheckConstraint("rank BETWEEN 0 AND 3", name="rank_known"),
)
"""By a keyed digest of the circuit and of whom its label binds: the table tells neither. What is `fixed` an
administrator has lowered for good, and no submission raises it."""
