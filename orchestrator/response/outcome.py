"""An answer becomes two things: text for the model, bounded, and what the person is shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.content import Shown
from orchestrator.manifest.model import ResponseSemantics
from orchestrator.response.citations import citations_of
from orchestrator.response.hidden import clean, clean_line
from orchestrator.response.jsonpath import InvalidQuery
from orchestrator.response.presentation import Presentation, semantic_cards, sign_in_cards
from orchestrator.response.projection import RESULT_BUDGET, project
from orchestrator.response.rich_response import rich_response
from orchestrator.response.semantics import results_of
from runtimes.base import CallResult
from runtimes.values import Json

LOCAL_PLUGIN = "localplugin"

_NOTHING = "done; the answer has no content"
_PLAIN = Presentation()
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
    return "\n".join((clean(lead) + projection.text, *projection.notes, *truncated))


def _error_text(result: CallResult, budget: int) -> str:
    status = f"HTTP {result.status}: " if result.status is not None else ""
    lead = f"error: {status}{result.explanation}"
    if not result.explanation:
        payload = _NOTHING if result.payload in (None, "") else result.payload
        return _within(payload, budget, lead=lead, is_truncated=result.is_truncated)
    if result.payload in (None, ""):
        return clean(lead)
    return _within(result.payload, budget, lead=f"{lead}\n", is_truncated=result.is_truncated)


def _local(
    result: CallResult, runtime_type: str, presentation: Presentation, locale: str | None
) -> tuple[str, Shown] | None:
    """What a local plugin's array gives; None for any other answer."""
    if runtime_type.casefold() != LOCAL_PLUGIN:
        return None
    from orchestrator.response.local_result import read_local_results

    return read_local_results(result.payload, presentation.visual_templates, locale, presentation.clock)


def _shown(
    semantics: ResponseSemantics | None, payload: Json, *, presentation: Presentation, base: str, locale: str | None
) -> Shown:
    """What a person sees of an answer that is no local plugin's array."""
    if semantics is None and not presentation.is_rich:
        return Shown()
    cards = semantic_cards(semantics, presentation, payload, base=base, locale=locale)
    rich = rich_response(payload) if presentation.is_rich else Shown()
    return replace(
        cards,
        citations=citations_of(semantics, payload, base),
        cards=(*cards.cards, *rich.cards),
        cards_left_out=cards.cards_left_out + rich.cards_left_out,
        rich=rich.rich,
        notes=(*cards.notes, *rich.notes),
    )


def read_result(
    result: CallResult,
    *,
    runtime_type: str,
    semantics: ResponseSemantics | None,
    base: str,
    budget: int = RESULT_BUDGET,
    is_templated: bool = False,
    presentation: Presentation = _PLAIN,
    locale: str | None = None,
) -> tuple[str, Shown]:
    """What the model is given of an answer, and what the person is shown.

    `base` is the address of the API, for relative URLs; `budget` is in characters. A templated answer is read whole.
    `presentation` and `locale` are for cards.
    """
    notes = [f"[note: {clean_line(note)}]" for note in result.notes]
    if result.is_error:
        text, shown = _error_text(result, budget), Shown()
    elif (local := _local(result, runtime_type, presentation, locale)) is not None:
        text, shown = _within(local[0], budget), replace(local[1], text=clean(local[1].text))
    else:
        results = result.payload if is_templated else _results(semantics, result.payload)
        text = _within(_NOTHING if results in (None, "") else results, budget, is_truncated=result.is_truncated)
        shown = _shown(semantics, result.payload, presentation=presentation, base=base, locale=locale)
    if sign_in := sign_in_cards(semantics, result):
        shown = replace(shown, cards=(*sign_in, *shown.cards))
    return "\n".join([text, *notes]), shown
