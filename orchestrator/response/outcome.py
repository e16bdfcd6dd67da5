"""An answer becomes two things: text for the model, bounded, and what the person is shown. Pure."""

from __future__ import annotations

from orchestrator.content import Shown
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.response.local_result import read_local_results
from orchestrator.response.semantics import citations_of
from runtimes.base import CallResult
from runtimes.values import Json, dump_json

RESULT_BUDGET = 64_000
"""Characters of one result that the model reads; the rest is cut, and the cut is noted."""

LOCAL_PLUGIN = "localplugin"


def _as_text(payload: Json) -> str:
    if payload is None or payload == "":
        return "done; the answer has no content"
    return payload if isinstance(payload, str) else dump_json(payload)


def cut(text: str, *, is_truncated: bool = False) -> str:
    """The text within `RESULT_BUDGET`, with a note where something is missing."""
    if len(text) > RESULT_BUDGET:
        return f"{text[:RESULT_BUDGET]}\n[cut: {len(text) - RESULT_BUDGET} more characters are not shown]"
    return f"{text}\n[cut: the answer was longer than the host reads]" if is_truncated else text


def _error_text(result: CallResult) -> str:
    status = f"HTTP {result.status}: " if result.status is not None else ""
    if not result.explanation:
        return f"error: {status}{_as_text(result.payload)}"
    answer = "" if result.payload in (None, "") else f"\n{_as_text(result.payload)}"
    return f"error: {status}{result.explanation}{answer}"


def _read(
    result: CallResult, *, runtime_type: str, semantics: ResponseSemantics | None, base: str
) -> tuple[str, Shown]:
    if result.is_error:
        return cut(_error_text(result), is_truncated=result.is_truncated), Shown()
    if runtime_type.casefold() == LOCAL_PLUGIN:
        local = read_local_results(result.payload)
        if local is not None:
            text, shown = local
            return cut(text), shown
    text = cut(_as_text(result.payload), is_truncated=result.is_truncated)
    return text, Shown(citations=citations_of(semantics, result.payload, base))


def read_result(
    result: CallResult, *, runtime_type: str, semantics: ResponseSemantics | None, base: str
) -> tuple[str, Shown]:
    """What the model is given of an answer, and what the person is shown."""
    text, shown = _read(result, runtime_type=runtime_type, semantics=semantics, base=base)
    return "\n".join([text, *(f"[note: {note}]" for note in result.notes)]), shown
