"""Words an answer from the results of calls."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.model.offline.choose import WITHDRAW, own_name
from orchestrator.model.offline.conversation import Made, Turn
from orchestrator.model.offline.fill import json_in
from orchestrator.model.offline.intent import sense_of, senses_offered
from orchestrator.model.offline.markdown import bullets, escape, fields, list_in, scalar
from orchestrator.model.offline.vocabulary import vocabulary
from orchestrator.model.offline.words import name_words, stem_of
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

MAX_TEXT = 4_000
"""Characters of a result in words that are passed on."""

FAREWELL = "I cannot help with that, so this conversation ends here."
NOTHING = "There is no result that I could answer from."

_DECLINED = re.compile(r"\b(?:declined|not approved|did not (?:agree|approve|confirm|answer))\b", re.I)
_NOTE = re.compile(r"\bdeclined: *(\S[^\n]*)")
_NOBODY = re.compile(r"\bnobody (?:is (?:here|there)|can be asked)\b", re.I)
_NOT_ALLOWED = re.compile(r"not called, and not allowed:\s*", re.I)
_NOT_AGAIN = re.compile(r"\.\s+Do not ask for the same call again[^\n]*\Z")
_NOT_CALLED = re.compile(r"not called:\s*", re.I)
_ERROR = re.compile(r"(?:error|failed|failure|http [45]\d\d|unauthori[sz]ed|forbidden|not found)\b[:\s-]*", re.I)
_UNCERTAIN = re.compile(r"\b(?:outcome is unknown|may or may not)\b", re.I)
_ORDER = "Do not call again"
_STOPS = " .\n\r\t"
_EMPTY = re.compile(r"(?:done|ok|no content)\b[^.\n]{0,60}\Z", re.I)
_CUT = re.compile(r"(?:\n\[cut: [^\]\n]*\])+\s*\Z")
_COMPLAINTS = ("message", "detail", "description", "title", "reason", "error_description", "error", "errors")
_LIMIT = re.compile(r"^[^\n]*\b(?:stopped|ended|interrupted) by a limit\b[^\n(]*(?:\(([^)\n]*)\))?", re.I | re.M)
_JOINTS = vocabulary("by for from in with of to on at as")


def title_of(tool: str) -> str:
    """A function's name as a person would say it."""
    return " ".join(name_words(own_name(tool))) or tool


def _noun(tool: str) -> str | None:
    """What a function finds, where its name says so in the plural: `listings`."""
    words = name_words(own_name(tool))
    words = words[1:] if words and sense_of(stem_of(words[0])) else words
    joint = next((at for at, word in enumerate(words) if word in _JOINTS), len(words))
    noun = " ".join(words[:joint])
    return noun if noun.endswith("s") and not noun.endswith("ss") else None


def _list(tool: str, items: list[Json]) -> str:
    noun = _noun(tool)
    if not items:
        return f"I found no {noun or 'results'}."
    if len(items) == 1:
        return f"I found one result:\n\n{bullets(items)}"
    return f"I found {len(items)} {noun or 'results'}:\n\n{bullets(items)}"


def _complaint(value: Json, depth: int = 0) -> str:
    """What an error object says is wrong."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict) or depth > 3:
        return "" if value is None else scalar(value)
    for name in _COMPLAINTS:
        if value.get(name):
            return _complaint(value[name], depth + 1)
    return ""


def _is_complaint(value: Json) -> bool:
    return isinstance(value, dict) and any(bool(value.get(name)) for name in ("error", "errors"))


def _failure(made: Made, message: str) -> str:
    title = escape(title_of(made.tool))
    stripped = message.rstrip(_STOPS)
    if stripped.endswith(_ORDER):
        message = stripped.removesuffix(_ORDER).rstrip(_STOPS)
    said = _complaint(json_in(message))
    head = message.split("{")[0].strip(" :") if said else ""
    text = " - ".join(part for part in (escape(head), said) if part) or escape(message) or "no reason was given"
    if _UNCERTAIN.search(message):
        return f"It is not certain whether this happened: {title}. {text}"
    return f"That did not work ({title}): {text}"


def _from_json(made: Made, value: Json) -> str:
    if isinstance(value, list):
        return _list(made.tool, value)
    if not isinstance(value, dict):
        return scalar(value) or f"Done: {escape(title_of(made.tool))}."
    if _is_complaint(value):
        return _failure(made, _complaint(value))
    items = list_in(value)
    if items is not None:
        return _list(made.tool, items)
    title = title_of(made.tool)
    is_reading = not senses_offered(name_words(own_name(made.tool)), ()) - {"search", "read"}
    head = f"Here is what I got ({escape(title)}):" if is_reading else f"Done: {escape(title)}."
    return f"{head}\n\n{_with_nothing_empty(value)}".rstrip()


def _with_nothing_empty(value: JsonObject) -> str:
    return fields({name: inner for name, inner in value.items() if inner not in (None, "", [], {})})


def _parsed(text: str) -> Json:
    try:
        return parse_json(text)
    except InvalidJson:
        return json_in(text)


def _declined(made: Made, text: str) -> str:
    """What was not done, with the note of the decision where it has one."""
    title = escape(title_of(made.tool))
    note = _NOTE.search(text)
    if note is not None and _NOBODY.search(note[1]):
        return f"Nothing was done: nobody was here to allow it ({title})."
    about = f": {escape(note[1].rstrip(_STOPS))}" if note is not None else ""
    return f"Nothing was done: you declined ({title}){about}."


def _not_allowed(made: Made, why: str) -> str:
    """What was not done, with the reasons, but where it is only that nobody was there."""
    title = escape(title_of(made.tool))
    if _NOBODY.search(why):
        return f"Nothing was done: nobody was here to allow it ({title})."
    return f"Nothing was done: it is not allowed ({title}): {escape(_NOT_AGAIN.sub('', why).rstrip(_STOPS))}."


def worded(made: Made) -> str:
    """What one call came to, in words."""
    cut = _CUT.search(made.result)
    text = _CUT.sub("", made.result).strip()
    if denied := _NOT_ALLOWED.match(text):
        return _not_allowed(made, text[denied.end() :])
    prefix = _NOT_CALLED.match(text)
    if prefix or (_DECLINED.search(text[:200]) and not text.startswith(("{", "["))):
        if _DECLINED.search(text):
            return _declined(made, text)
        return f"Nothing was done: {escape(text[prefix.end() :] if prefix else text)}."
    error = _ERROR.match(text)
    if error:
        is_bare = text[: error.end()].lower().startswith("error")
        return _failure(made, text[error.end() :] if is_bare else text)
    if not text or _EMPTY.match(text):
        return f"Done: {escape(title_of(made.tool))}."
    value = _parsed(text)
    answer = text[:MAX_TEXT] if value is None else _from_json(made, value)
    return f"{answer}\n\nThe result was longer than what I was given." if cut else answer


def answer_from(turns: Sequence[Turn], system: str) -> str:
    """The answer to the last turn, from its calls; without any, from the latest turn that has some."""
    made = next((turn.made for turn in reversed(turns) if turn.made), ())
    if any(call.tool == WITHDRAW for call in made) and turns[-1].made:
        return FAREWELL
    parts = list(dict.fromkeys(worded(call) for call in made)) or [NOTHING]
    limit = _LIMIT.search(system)
    if limit:
        about = f" ({escape(limit[1])})" if limit[1] else ""
        parts.append(f"A limit{about} was reached before I was done, so this may be incomplete.")
    return "\n\n".join(parts)
