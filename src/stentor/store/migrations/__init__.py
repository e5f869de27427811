"""Alembic's environment and the migrations, run by ``store.schema`` when the store is opened."""
