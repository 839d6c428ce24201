"""Tables of what keeps rules from denying for a while, and of the revision that decides beside the live one."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from gateway.store.naming import metadata

policy_override: Final = Table(
    "policy_override",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("rule", String(128), nullable=False),
    Column("project_id", String(64)),
    Column("principal_id", String(64)),
    Column("reason", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", String(27), nullable=False),
    Column("until", String(27), nullable=False, index=True),
    Column("ended_at", String(27)),
)
break_glass: Final = Table(
    "break_glass",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("requested_by", String(64), nullable=False),
    Column("requested_at", String(27), nullable=False),
    Column("lapses_at", String(27), nullable=False),
    Column("confirmed_by", String(64)),
    Column("until", String(27), index=True),
    Column("ended_at", String(27)),
)
rollout_stop: Final = Table(
    "rollout_stop",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("rule", String(128), nullable=False),
    Column("denied", BigInteger, nullable=False),
    Column("decided", BigInteger, nullable=False),
    Column("at", String(27), nullable=False),
    Column("resumed_at", String(27)),
)
policy_shadow: Final = Table(
    "policy_shadow",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("policy_revision", String(64), nullable=False),
    Column("data_revision", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(27), nullable=False),
    Column("stopped_at", String(27)),
)
shadow_count: Final = Table(
    "shadow_count",
    metadata,
    Column("shadow_id", ForeignKey("policy_shadow.id"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("rule", String(128), primary_key=True),
    Column("decisions", BigInteger, nullable=False),
)
"""How often it decided otherwise, by kind of difference and by rule; and how often at all, without a rule."""
shadow_example: Final = Table(
    "shadow_example",
    metadata,
    Column("shadow_id", ForeignKey("policy_shadow.id"), primary_key=True),
    Column("decision_id", String(36), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("rules", Text, nullable=False),
)
