"""One argument from what a person answers when asked for it."""

from __future__ import annotations

import re
from datetime import date

from orchestrator.model.offline.draft import MAX_ITEMS, Draft
from orchestrator.model.offline.fill import json_in
from orchestrator.model.offline.forms import EMAIL, LINK, choices_said, polar_choice, polarity, written_day
from orchestrator.model.offline.numbers import CODE, as_wanted, numbers_in
from orchestrator.model.offline.schema import Kind, Parameter
from orchestrator.model.offline.vocabulary import vocabulary
from runtimes.values import Json

_LEAD = re.compile(
    r"\s*(?:(?:it'?s|it is|its|that'?s|make it|take|use|in|to|for|about|named|called|please)\s+)*(?:(?:the|an?)\s+)?",
    re.I,
)
_TAIL = re.compile(r"[\s.!?,;]*(?:\bplease\b)?[\s.!?,;]*\Z", re.I)
_ASSENT = vocabulary("sure yeah yep ok okay certainly definitely")
_STOPPING = re.compile(
    r"\s*(?:please )?(?:cancel|never ?mind|forget|stop|no|no,? thanks?(?: you)?|nothing)(?: (?:it|that))?[\s.!]*\Z",
    re.I,
)


def is_stopping(text: str) -> bool:
    """Whether a person does not want to go on: `never mind`."""
    return _STOPPING.match(text) is not None


def _plain(text: str) -> str:
    """A reply without what only leads up to the answer: `in Seattle, please` is `Seattle`."""
    start = _LEAD.match(text)
    rest = text[start.end() :] if start else text
    return _TAIL.sub("", rest) or text.strip()


def _from_words(parameter: Parameter, reply: Draft) -> Json:
    """A choice, or yes and no."""
    is_yes = polarity(reply.words)
    if is_yes is None and _ASSENT.intersection(word.lower for word in reply.words):
        is_yes = True
    if parameter.kind is Kind.BOOLEAN:
        return is_yes
    said: list[Json] = [choice for _, choice in choices_said(reply, parameter)]
    if said:
        return said[:MAX_ITEMS] if parameter.is_array else said[0]
    return None if is_yes is None else polar_choice(parameter, is_yes)


def _from_form(parameter: Parameter, reply: Draft) -> Json:
    """What has the form that the parameter asks for."""
    if parameter.is_date and reply.days:
        return written_day(parameter, reply.days[0])
    for is_asked, pattern in ((parameter.is_link, LINK), (parameter.is_email, EMAIL)):
        match = pattern.search(reply.text)
        if is_asked and match is not None:
            return match[0]
    if parameter.is_numeric or parameter.is_amount:
        return next((as_wanted(parameter, number, reply.text) for number in numbers_in(reply)), None)
    code = CODE.search(reply.text) if parameter.is_id else None
    return code[0] if code is not None else None


def _from_text(parameter: Parameter, reply: Draft) -> Json:
    """The words themselves, quoted or not."""
    plain = _TAIL.sub("", reply.text).strip() if parameter.is_free_form else _plain(reply.text)
    text = reply.quotes[0][1] if reply.quotes else plain
    if not parameter.is_array:
        return text
    parts: list[Json] = [part.strip() for part in re.split(r",|\band\b", text) if part.strip()]
    return parts[:MAX_ITEMS]


def take_reply(draft: Draft, parameter: Parameter, text: str, today: date) -> bool:
    """Puts the answer to a question into the draft; False when nothing in it fits."""
    reply = Draft(draft.tool, text, today)
    if parameter.kind in (Kind.CHOICE, Kind.BOOLEAN):
        value = _from_words(parameter, reply)
    elif parameter.kind is Kind.OTHER:
        value = json_in(text)
    else:
        value = _from_form(parameter, reply)
        if value is None and parameter.kind is Kind.STRING:
            value = _from_text(parameter, reply)
    return value is not None and value != [] and draft.put(parameter, value)
