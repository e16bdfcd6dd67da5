"""Answers the questions of the reference with our own engine, in the same words."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime

from orchestrator.response.cards.errors import CardError, Crash
from orchestrator.response.cards.evaluate import compiled
from orchestrator.response.cards.expansion import prepared
from orchestrator.response.cards.function import NoValue, Setting
from orchestrator.response.cards.limits import Budget
from orchestrator.response.cards.output import to_json
from orchestrator.response.cards.paths import Frame, Scope
from orchestrator.response.cards.syntax import parse
from orchestrator.response.cards.values import ABSENT, Ticks, Value, from_json
from runtimes.values import Json, JsonObject

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""When the questions are answered, for us."""


def _told(value: Value) -> JsonObject:
    if value is ABSENT:
        return {"absent": True}
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    if isinstance(value, Ticks):
        return {"ticks": str(int(value))}
    if isinstance(value, bytes):
        return {"bytes": list(value)}
    return {"value": to_json(value, Budget())}


def _evaluated(text: str, scope: Json, locale: str) -> JsonObject:
    setting = Setting(budget=Budget(), now=NOW, locale=locale, random=random.Random(1))
    try:
        evaluate = compiled(parse(text))
        return _told(evaluate(Frame(memory=Scope(from_json(scope)), setting=setting)))
    except NoValue as error:
        return {"error": str(error)}
    except (Crash, CardError) as error:
        return {"thrown": str(error)}


def answer(question: JsonObject) -> JsonObject:
    """As `reference.ask` for one question. Raises: `CardLimit`."""
    expression, locale = question.get("expression"), question.get("locale")
    if isinstance(expression, str):
        return _evaluated(expression, question.get("scope", {}), str(locale or "en-US"))
    try:
        template = prepared(question["template"])
        return {"value": template.expand(question.get("data"), host=question.get("host"), now=NOW, seed=1)}
    except CardError as error:
        return {"thrown": str(error)}


def _exact(value: Json) -> Json:
    """With doubles for numbers, and booleans that are equal to none of them."""
    if isinstance(value, bool):
        return {"boolean": str(value)}
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return {name: _exact(item) for name, item in value.items()} if isinstance(value, dict) else value


def agrees(ours: JsonObject, theirs: JsonObject) -> bool:
    """True for the same value, or the same kind of failure: the words of errors are our own."""
    for failure in ("thrown", "error"):
        if failure in theirs or failure in ours:
            return failure in theirs and failure in ours
    value = ours.get("value")
    if "value" in theirs or "value" not in ours:
        return _exact(ours) == _exact(theirs)
    if "ticks" in theirs:
        return value == theirs["ticks"]
    if "bytes" in theirs:
        return isinstance(value, dict) and list(value.values()) == theirs["bytes"]
    return value is None


def has_same_shape(ours: JsonObject, theirs: JsonObject) -> bool:
    """Enough for what depends on the moment or on chance: a value of the same type, and texts of the same length."""
    one, other = ours.get("value"), theirs.get("value")
    if isinstance(one, str) and isinstance(other, str):
        return len(one) == len(other)
    return ours.keys() == theirs.keys() and isinstance(one, int | float) == isinstance(other, int | float)
