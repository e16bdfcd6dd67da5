"""One sentence for a person, from given data alone."""

from __future__ import annotations

import re

from orchestrator.model.base import PhraseRequest
from orchestrator.model.offline.markdown import escape, scalar
from orchestrator.model.offline.words import readable
from orchestrator.phrases import listed
from runtimes.values import Json

MAX_NAMED = 12
"""Arguments that are named."""

_ASKING = re.compile(r"\b(?:ask|asks|question|confirm|whether)\b|\?", re.IGNORECASE)


def _quoted(value: Json) -> str:
    return f'"{escape(value)}"' if isinstance(value, str) else scalar(value)


def _with(arguments: Json) -> str:
    named = list(arguments.items())[:MAX_NAMED] if isinstance(arguments, dict) else []
    told = [f"{escape(readable(name))} {_quoted(value)}" for name, value in named]
    if not told:
        return ""
    return f" with {listed(told)}"


def phrase_for(request: PhraseRequest) -> str:
    """A question where one is asked for, else a statement: what would be called, where, and with what."""
    data = request.data
    function, plugin = data.get("function"), data.get("plugin")
    mark = "?" if _ASKING.search(request.instruction) else "."
    if not isinstance(function, str) or not function:
        return f"{_with(data).removeprefix(' with ').capitalize() or 'Nothing is known'}{mark}"
    where = f" in {escape(plugin)}" if isinstance(plugin, str) and plugin else ""
    action = escape(readable(function))
    return f"{action[:1].upper()}{action[1:]}{where}{_with(data.get('arguments'))}{mark}"
