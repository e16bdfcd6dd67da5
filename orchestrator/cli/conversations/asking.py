"""A last question at the terminal, before something that cannot be taken back."""

from __future__ import annotations

import sys

from orchestrator.errors import UsageError
from orchestrator.render.sanitize import clean_line

_YES = frozenset({"y", "yes"})


def is_sure(question: str, *, yes: bool, otherwise: str) -> bool:
    """What the person at the terminal says; `yes` is `--yes`.

    Raises: `UsageError` where nobody can be asked; `otherwise` is the message.
    """
    if yes:
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(otherwise)
    print(f"{clean_line(question)} [y/N]", end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in _YES
