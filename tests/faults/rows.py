"""The rows of a store, read past the program."""

from __future__ import annotations

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool


def sequences(store: str) -> dict[str, list[int]]:
    """By conversation, the sequence numbers of its facts; at the end of each, how many it says that there are."""
    url = make_url(store)
    url = url.set(drivername="sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg")
    found: dict[str, list[int]] = {}
    with create_engine(url, poolclass=NullPool).connect() as connection:
        for conversation, sequence in connection.execute(
            text("SELECT conversation, sequence FROM orchestrator_fact ORDER BY conversation, sequence")
        ):
            found.setdefault(conversation, []).append(sequence)
        for conversation, sequence in connection.execute(
            text("SELECT conversation, sequence FROM orchestrator_conversation")
        ):
            found.setdefault(conversation, []).append(sequence)
    return found
