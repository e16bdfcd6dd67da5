"""Large payloads and files, once for each conversation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "orchestrator_payload",
        sa.Column(
            "conversation",
            sa.Text(),
            sa.ForeignKey("orchestrator_conversation.conversation", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("hash", sa.Text(), primary_key=True),
        sa.Column("encoding", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )
    op.add_column("orchestrator_fact", sa.Column("payloads", sa.Text()))
