"""Reads the cards of functions that lie in files of their own: `static_template` with `file` (version 2.4)."""

from __future__ import annotations

import os
from pathlib import Path

import anyio

from orchestrator.manifest.load import Plugin
from orchestrator.manifest.model import Function
from orchestrator.response.templates import CardTemplate
from runtimes.errors import FetchError
from runtimes.fetch import fetch_document, resolve_location
from runtimes.http import HttpClient, is_url, shown_url
from runtimes.placeholders import filled, may_have_placeholders

MAX_CARD_BYTES = 1024 * 1024
"""The longest card in a file."""

MAX_CARD_FILES = 64
"""How many of a plugin's cards in files are read."""

CARDS_SECONDS = 20.0
"""Seconds that all of them may take to arrive."""

_ACCEPT = "application/json, application/yaml;q=0.9, */*;q=0.5"


def _placeless(message: str, manifest: str) -> str:
    """The message with references as the manifest writes them: where it lies is nobody's business."""
    if is_url(manifest):
        return message.replace(shown_url(manifest).rpartition("/")[0] + "/", "")
    for folder in list(Path(manifest).parents)[:2]:  # the second is that of a package
        message = message.replace(repr(f"{folder}{os.sep}")[1:-1], "")
    return message


class CardFiles:
    """The cards of one plugin; each file is read once, and one that cannot be read costs its cards alone."""

    def __init__(self, plugin: Plugin, http: HttpClient, seconds: float = CARDS_SECONDS) -> None:
        self._plugin = plugin
        self._http = http
        self._seconds_left = seconds
        self._read: dict[str, CardTemplate] = {}

    async def template_of(self, function: Function) -> CardTemplate | None:
        """The function's `static_template`, wherever it lies; None where it has none."""
        semantics = function.capabilities.response_semantics
        written = semantics.static_template if semantics is not None else None
        if not written:
            return None
        if "file" not in written:
            return CardTemplate(content=written)
        reference = written["file"]
        if not isinstance(reference, str):
            return CardTemplate(problem="its 'file' is no string")
        if reference not in self._read:
            self._read[reference] = await self._card(reference)
        return self._read[reference]

    async def _card(self, reference: str) -> CardTemplate:
        if len(self._read) >= MAX_CARD_FILES:
            return CardTemplate(problem=f"the plugin has more than {MAX_CARD_FILES} cards in files")
        started = anyio.current_time()
        try:
            with anyio.fail_after(self._seconds_left):
                return await self._fetched(reference)
        except TimeoutError:
            return CardTemplate(problem="the cards in files took too long to arrive")
        except FetchError as error:
            return CardTemplate(problem=_placeless(str(error), self._plugin.location))
        finally:
            self._seconds_left = max(0.0, self._seconds_left - (anyio.current_time() - started))

    async def _fetched(self, reference: str) -> CardTemplate:
        """Raises: `FetchError`."""
        from runtimes.documents import DocumentError, parse_document

        location = resolve_location(self._plugin.location, reference)
        written = shown_url(reference)
        data = await fetch_document(self._http, location, max_bytes=MAX_CARD_BYTES, accept=_ACCEPT)
        try:
            document = parse_document(data, written)
        except DocumentError as error:
            return CardTemplate(problem=f"it is not JSON or YAML: {error}")
        if may_have_placeholders(data):
            document = filled(document, self._plugin.environment.of(location))
        if not isinstance(document, dict):
            return CardTemplate(problem=f"{written} holds no object")
        return CardTemplate(content=document)
