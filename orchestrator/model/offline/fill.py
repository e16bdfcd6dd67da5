"""Arguments for a function from a sentence, and one argument from the reply to a question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from orchestrator.model.offline.choose import Tool
from orchestrator.model.offline.draft import Draft
from orchestrator.model.offline.forms import take_choices, take_days, take_links, take_yes_or_no
from orchestrator.model.offline.numbers import take_codes, take_numbers
from orchestrator.model.offline.schema import Kind, Parameter
from orchestrator.model.offline.texts import take_named, take_phrases, take_quotes, take_rest
from runtimes.values import InvalidJson, Json, parse_json

Recall = Callable[[Parameter], Json]
"""What the conversation says of a parameter; None where it says nothing."""

_PASSES = (take_links, take_quotes, take_days, take_choices, take_numbers, take_codes, take_yes_or_no, take_named)


def _take_objects(draft: Draft) -> None:
    """JSON written out in the sentence, for a parameter that words cannot fill."""
    for parameter in draft.open(lambda p: p.kind is Kind.OTHER):
        value = json_in(draft.text)
        if value is not None:
            draft.put(parameter, value)


def json_in(text: str) -> Json:
    """The object or array that stands in a text; None where there is none."""
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    end = max(text.rfind("}"), text.rfind("]"))
    if not starts or end < min(starts):
        return None
    try:
        return parse_json(text[min(starts) : end + 1])
    except InvalidJson:
        return None


def _take_recalled(draft: Draft, recall: Recall) -> None:
    for parameter in draft.open(lambda p: True):
        value = recall(parameter)
        if value is not None:
            draft.put(parameter, value)


def _take_defaults(draft: Draft) -> None:
    """An argument that must be given and has a default is not asked for."""
    for parameter in draft.open(lambda p: p.is_required):
        default = parameter.schema.get("default")
        if default is not None:
            draft.put(parameter, default)


def fill(tool: Tool, text: str, today: date, recall: Recall) -> Draft:
    """Reads a sentence into arguments: what has a form first, then names, then what was said before, then the rest."""
    draft = Draft(tool, text, today)
    for take in _PASSES:
        take(draft)
    take_phrases(draft)
    _take_objects(draft)
    _take_recalled(draft, recall)
    take_rest(draft)
    _take_defaults(draft)
    return draft
