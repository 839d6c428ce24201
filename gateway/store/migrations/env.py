"""Run by Alembic: the connection comes from `migrations.upgrade`, which holds the transaction."""

from alembic import context

from gateway.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # One revision is all or nothing, also on SQLite, where Alembic would not expect it.
    transactional_ddl=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
