"""Who drives a conversation's turn, and when it can go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # columns are only added, never changed: SQLite would make the table anew, and drop what hangs on its rows
    for column in (
        sa.Column("wake", sa.Double[float]()),
        sa.Column("epoch", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("lease_until", sa.Double[float]()),
        sa.Column("owner", sa.Text()),
        sa.Column("plugins", sa.Text()),
    ):
        op.add_column("orchestrator_conversation", column)
    op.create_index(
        "orchestrator_conversation_due",
        "orchestrator_conversation",
        ["plugins", "wake"],
        sqlite_where=sa.text("wake IS NOT NULL"),
        postgresql_where=sa.text("wake IS NOT NULL"),
    )
