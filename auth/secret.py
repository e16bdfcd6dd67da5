"""A text that shows itself to nobody who does not ask for it by name."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NoReturn

MASK = "***"
"""What stands for a secret."""


class Secret:
    """Holds a secret: `reveal` gives it, and nothing else does.

    It is masked as a text, in formats and in reprs; it cannot be pickled, and nothing knows how to write it as JSON.
    """

    __slots__ = ("_kept",)

    def __init__(self, value: str) -> None:
        self._kept: Callable[[], str] = lambda: value  # in no member, since there is always somebody who lists those

    def reveal(self) -> str:
        """The secret itself, for the request that carries it."""
        return self._kept()

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, specification: str) -> str:
        return format(MASK, specification)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (one.encode("utf-8", "surrogatepass") for one in (self.reveal(), other.reveal()))
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Raises: `TypeError`, whoever wants to write it down."""
        raise TypeError("a secret is not written down")
