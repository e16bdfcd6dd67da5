"""The Adaptive Card template language: expressions, their prebuilt functions, and the expansion of templates."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.response.cards.errors import CardError
    from orchestrator.response.cards.expansion import Template, expand, prepared
    from orchestrator.response.cards.limits import CardLimit
    from orchestrator.response.cards.reference import Reference, references

__all__ = ["CardError", "CardLimit", "Reference", "Template", "expand", "prepared", "references"]

_PLACES = {
    "CardError": "errors",
    "CardLimit": "limits",
    "Reference": "reference",
    "Template": "expansion",
    "expand": "expansion",
    "prepared": "expansion",
    "references": "reference",
}
"""Where each name is; nothing is loaded before it is asked for."""


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return vars(importlib.import_module(f"{__name__}.{_PLACES[name]}"))[name]
