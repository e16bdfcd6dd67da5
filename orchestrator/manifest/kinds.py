"""What a document of a package is, told by its members. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from runtimes.values import JsonObject

DocumentKind = Literal["app", "agent", "plugin"]
"""An app manifest, a declarative agent or a plugin manifest."""

KINDS_IN_WORDS: Mapping[DocumentKind, str] = {
    "app": "an app manifest",
    "agent": "a declarative agent",
    "plugin": "a plugin manifest",
}

APP_SECTIONS = ("copilotAgents", "copilotExtensions")
"""The members of an app manifest that name agents and plugins."""

_OF_PLUGINS = ("schema_version", "name_for_human", "name_for_model", "functions", "runtimes", "api")
_OF_AGENTS = ("instructions", "actions")


def stated_kind(document: JsonObject) -> DocumentKind | None:
    """What a document is, by its members; None where they do not tell."""
    if any(name in document for name in APP_SECTIONS):
        return "app"
    if any(name in document for name in _OF_PLUGINS):
        return "plugin"
    if "manifestVersion" in document:
        return "app"
    return "agent" if any(name in document for name in _OF_AGENTS) else None


def kind_of(document: JsonObject) -> DocumentKind:
    """The same, and `plugin` where the members do not tell."""
    return stated_kind(document) or "plugin"
