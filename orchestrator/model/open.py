"""Models by name: `offline`, `scripted:FILE` or `openai:MODEL`."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.errors import UsageError
from orchestrator.model.base import ChatModel

OFFLINE = "offline"
"""The name of the stand-in."""

DEFAULT_MODEL = OFFLINE
"""The model of those who name none."""

_FORMS = ("offline", "scripted:FILE", "openai:MODEL")


def default_model_name(environ: Mapping[str, str], *, otherwise: str | None = None) -> str:
    """`ORCHESTRATOR_MODEL`, else `otherwise`, else the stand-in."""
    return environ.get("ORCHESTRATOR_MODEL", "").strip() or otherwise or DEFAULT_MODEL


def _unknown(name: str) -> UsageError:
    from difflib import get_close_matches

    kind, colon, rest = name.partition(":")
    near = get_close_matches(kind.lower(), [form.partition(":")[0] for form in _FORMS], n=1)
    if near:
        hint = f"did you mean {near[0] + (colon + rest if colon and near[0] != DEFAULT_MODEL else '')!r}?"
    elif kind and not colon:
        hint = f"did you mean {f'openai:{name}'!r}?"
    else:
        hint = f"known: {', '.join(_FORMS)}"
    return UsageError(f"there is no model {name!r}; {hint}")


def open_model(name: str, *, plain_results: bool = False) -> ChatModel:
    """The model of that name; nothing is connected to yet.

    Raises: `UsageError` where there is none, or its script cannot be used.
    """
    kind, _, rest = name.partition(":")
    if name == OFFLINE:
        from orchestrator.model.offline import OfflineModel

        return OfflineModel()
    if kind == "scripted" and rest:
        from orchestrator.model.script_file import read_script
        from orchestrator.model.scripted import ScriptedModel

        return ScriptedModel(turns=read_script(rest), name=name)
    if kind == "openai" and rest:
        from orchestrator.model.chat_completions import ChatCompletionsModel

        return ChatCompletionsModel(rest, plain_results=plain_results)
    if kind in {"scripted", "openai"}:
        raise UsageError(f"the model {name!r} lacks its second half; write scripted:FILE or openai:MODEL")
    raise _unknown(name)
