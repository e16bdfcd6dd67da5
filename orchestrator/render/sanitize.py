"""Makes text from outside harmless to a terminal: it can neither move the cursor nor hide what it says.

What may stay of a text is said in `orchestrator.response.hidden`, for models as for people.
"""

from __future__ import annotations

import json

from orchestrator.response.hidden import HIDING, MAX_SEQUENCE, Sanitizer, clean, clean_line

__all__ = ["MAX_SEQUENCE", "Sanitizer", "clean", "clean_line", "plain_json"]


def plain_json(text: str) -> str:
    """JSON of the same value, in which what would move or mislead a terminal is written as escapes."""
    return HIDING.sub(lambda match: json.dumps(match[0])[1:-1], text)
