"""An answer becomes two things: text for the model, bounded, and what the person is shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.content import Shown
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.response.citations import citations_of
from orchestrator.response.jsonpath import InvalidQuery
from orchestrator.response.local_result import read_local_results
from orchestrator.response.projection import RESULT_BUDGET, project
from orchestrator.response.semantics import results_of
from runtimes.base import CallResult
from runtimes.values import Json

LOCAL_PLUGIN = "localplugin"

_NOTHING = "done; the answer has no content"
_TRUNCATED = "[cut: the answer was longer than the host reads]"


def _results(semantics: ResponseSemantics | None, payload: Json) -> Json:
    """The results at the data path; the whole answer where there are none, for it may say why."""
    if semantics is None:
        return payload
    try:
        results = results_of(semantics, payload)
    except InvalidQuery:
        return payload
    if not results.values:
        return payload
    return list(results.values) if results.is_array or len(results.values) > 1 else results.values[0]


def _within(value: Json, budget: int, *, lead: str = "", is_truncated: bool = False) -> str:
    """The value as text, and a line for each thing that is left out."""
    projection = project(value, budget - len(lead))
    truncated: Sequence[str] = (_TRUNCATED,) if is_truncated and not projection.notes else ()
    return "\n".join((lead + projection.text, *projection.notes, *truncated))


def _error_text(result: CallResult, budget: int) -> str:
    status = f"HTTP {result.status}: " if result.status is not None else ""
    lead = f"error: {status}{result.explanation}"
    if not result.explanation:
        payload = _NOTHING if result.payload in (None, "") else result.payload
        return _within(payload, budget, lead=lead, is_truncated=result.is_truncated)
    if result.payload in (None, ""):
        return lead
    return _within(result.payload, budget, lead=f"{lead}\n", is_truncated=result.is_truncated)


def _read(
    result: CallResult, *, runtime_type: str, semantics: ResponseSemantics | None, base: str, budget: int, results: Json
) -> tuple[str, Shown]:
    if result.is_error:
        return _error_text(result, budget), Shown()
    if runtime_type.casefold() == LOCAL_PLUGIN:
        local = read_local_results(result.payload)
        if local is not None:
            text, shown = local
            return _within(text, budget), shown
    value: Json = _NOTHING if results in (None, "") else results
    text = _within(value, budget, is_truncated=result.is_truncated)
    return text, Shown(citations=citations_of(semantics, result.payload, base))


def read_result(
    result: CallResult,
    *,
    runtime_type: str,
    semantics: ResponseSemantics | None,
    base: str,
    budget: int = RESULT_BUDGET,
    is_templated: bool = False,
) -> tuple[str, Shown]:
    """What the model is given of an answer, and what the person is shown.

    `base` is the address of the API, for relative URLs; `budget` is in characters. A templated answer is read whole.
    """
    results = result.payload if is_templated else _results(semantics, result.payload)
    text, shown = _read(
        result, runtime_type=runtime_type, semantics=semantics, base=base, budget=budget, results=results
    )
    return "\n".join([text, *(f"[note: {note}]" for note in result.notes)]), shown
