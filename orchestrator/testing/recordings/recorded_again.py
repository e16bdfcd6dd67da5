"""What a person does about a recording that is missing, or that does not fit any more. Pure."""

from __future__ import annotations

_RECORD = "`orchestrator test --record`"

NOTHING = f"there is no recording of this conversation; make one with {_RECORD}"
"""Said where a recording is missing."""

RECORD_AGAIN = ("hint", f"if that is meant, record it again with {_RECORD}")
"""A detail of what does not fit."""
