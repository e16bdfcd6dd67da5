"""The first tables: conversations and their facts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "orchestrator_conversation",
        sa.Column("conversation", sa.Text(), primary_key=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("created", sa.Double[float](), nullable=False),
        sa.Column("updated", sa.Double[float](), nullable=False),
    )
    op.create_index("orchestrator_conversation_person", "orchestrator_conversation", ["person"])
    op.create_table(
        "orchestrator_fact",
        sa.Column(
            "conversation",
            sa.Text(),
            sa.ForeignKey("orchestrator_conversation.conversation", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("sequence", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
