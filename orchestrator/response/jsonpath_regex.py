"""`match()` and `search()` of RFC 9535: I-Regexp (RFC 9485) on an engine that stops in time."""

from __future__ import annotations

import re
from functools import lru_cache

import regex  # type: ignore[import-untyped]  # pyright has its stubs
from iregexp_check import check

from orchestrator.response.jsonpath_budget import Budget

MAX_PATTERN = 512
"""Characters of a pattern; a longer one matches nothing, as one that is no I-Regexp."""

MAX_REPEATS = 1000
"""The largest count in a quantifier `{…}`; a pattern with a larger one matches nothing."""

_CHARACTERS_PER_STEP = 64
"""Characters of the text that cost one step."""

_ATOM = re.compile(r"\\.|\[\^?(?:\\.|[^\]\\])*\]|\.|\{[^}]*\}", re.DOTALL)
"""What a dot may stand in, a dot, and a quantifier with counts."""


def _counts(quantifier: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d{1,9}", quantifier)]


def _translated(pattern: str) -> str:
    """RFC 9485, 5.4: a dot outside a class stands for what is no line end."""
    return _ATOM.sub(lambda found: r"[^\n\r]" if found[0] == "." else found[0], pattern)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    if len(pattern) > MAX_PATTERN or not check(pattern):
        return None
    quantifiers = (found[0] for found in _ATOM.finditer(pattern) if found[0].startswith("{"))
    if any(count > MAX_REPEATS for quantifier in quantifiers for count in _counts(quantifier)):
        return None
    try:
        return regex.compile(_translated(pattern), regex.VERSION0)
    except (regex.error, RecursionError, OverflowError):
        return None


def matches(text: object, pattern: object, budget: Budget, *, whole: bool) -> bool:
    """True when the whole text, or a part of it, is what the pattern says; false for what is no text or no pattern.

    Raises: `BudgetSpent`.
    """
    if not isinstance(text, str) or not isinstance(pattern, str):
        return False
    budget.spend(1 + len(text) // _CHARACTERS_PER_STEP)

    def found(seconds: float) -> bool:
        compiled = _compiled(pattern)
        if compiled is None:
            return False
        find = compiled.fullmatch if whole else compiled.search
        return find(text, timeout=seconds) is not None

    return budget.timed(found)
