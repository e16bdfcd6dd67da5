"""What an expansion is at: the data of the place in the card, and the memory that its expressions read. Pure."""

from __future__ import annotations

from typing import Final

from orchestrator.response.cards.function import Setting
from orchestrator.response.cards.limits import Budget
from orchestrator.response.cards.paths import Frame, Path, walk
from orchestrator.response.cards.values import ABSENT, Missing, Value

_VERSION: Final[Value] = {"major": 2, "minor": 3, "patch": 1, "suffix": ""}
"""The version of the reference whose behaviour this is; templates can ask for it."""


class Card:
    """A card that is being expanded."""

    __slots__ = ("budget", "data", "frame", "host", "index", "root")

    def __init__(self, root: Value, host: Value, setting: Setting) -> None:
        self.root = root
        self.data = root
        """Where paths begin; changed on the way down, and put back."""
        self.host = host
        self.index: int | Missing = ABSENT
        self.budget = setting.budget
        self.frame = Frame(memory=self, setting=setting)

    def find(self, path: Path, budget: Budget, /) -> Value:
        """As `Memory.find`: a path begins at the data of the place, or at a reserved name."""
        text, steps = path
        if text[:1] != "$":
            return walk(self.data, steps, budget)
        value = self._reserved(steps[0].folded)
        return walk(value, steps[1:], budget) if len(steps) > 1 else value

    def _reserved(self, folded: str) -> Value:
        if folded == "$data":
            return self.data
        if folded == "$root":
            return self.root
        if folded == "$index":
            return self.index
        if folded == "$host":
            return self.host
        return _VERSION if folded == "$_actemplateversion" else ABSENT
