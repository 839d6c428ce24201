"""From one release's schema to the next. The only importer of Alembic; `engine.migrate` calls it.

A new revision is a file in `versions/`, written by hand beside the change to `tables.py`, whose
`SCHEMA_VERSION` then names it; a test builds the schema both ways and compares.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from gateway.domain.errors import InsecureError

SCRIPTS: Final = Path(__file__).parent
_LOCK: Final = 0x71_67_77  # "qgw": PostgreSQL knows advisory locks by number only


class SchemaUnknownError(InsecureError):
    """The database is at a revision this release does not have."""

    code = "schema-unknown"

    def __init__(self) -> None:
        super().__init__("the database was written by a newer gateway; install that release, or restore a backup")


def configuration(connection: Connection) -> Config:
    """Give Alembic its scripts and the connection to use."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection) -> None:
    """Run every revision the database lacks, inside the transaction of `connection`.

    Raises:
        SchemaUnknownError: the database is at a revision this release does not have.
    """
    if connection.dialect.name == "postgresql":
        # SQLite's BEGIN IMMEDIATE already keeps a second process out.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    try:
        command.upgrade(configuration(connection), "head")
    except CommandError as error:
        raise SchemaUnknownError from error
