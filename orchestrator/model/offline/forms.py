"""Passes over a draft for values that have a form: links, addresses, dates, choices, yes and no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orchestrator.model.offline.dates import Day
from orchestrator.model.offline.draft import MAX_ITEMS, Draft, Span
from orchestrator.model.offline.schema import Kind, Parameter
from orchestrator.model.offline.vocabulary import vocabulary
from orchestrator.model.offline.words import STOP_WORDS, Word, name_words, stem_of, stems_of
from runtimes.values import Json

NEGATION_REACH = 2
"""Words before a mention in which a `without` still belongs to it."""

LINK = re.compile(r"https?://[^\s<>\"'()]{1,2000}[^\s<>\"'().,;:!?]")
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_YES = vocabulary("on enable enabled yes true activate activated active start allow")
_NO = vocabulary("off disable disabled no false deactivate deactivated inactive stop deny")
_POLAR = frozenset(stems_of(_YES | _NO))
_NEGATIONS = vocabulary("without no not non exclude excluding except never don doesn isn")
_DENIALS = vocabulary("without not except excluding")
_SETTING = vocabulary("turn turned switch set put keep make be is to turning switching")
_UNTIL = vocabulary("to until till by before through ending ends")
_BEGIN_WORDS = vocabulary("start from since begin after min earliest")
_END_WORDS = vocabulary("end to until due deadline before max latest")


def take_links(draft: Draft) -> None:
    """Addresses of pages and of people."""
    for match in LINK.finditer(draft.text):
        for parameter in draft.open(lambda p: p.is_link)[:1]:
            draft.put(parameter, match[0], match.span())
    for match in EMAIL.finditer(draft.text):
        for parameter in draft.open(lambda p: p.is_email)[:1]:
            draft.put(parameter, match[0], match.span())


def _suits(parameter: Parameter, is_end: bool) -> bool:
    words = set(parameter.words)
    return bool(words & (_END_WORDS if is_end else _BEGIN_WORDS)) or not words & (_BEGIN_WORDS | _END_WORDS)


def take_days(draft: Draft) -> None:
    """Dates: `until` and the like point at the parameter for the end, anything else at the others first."""
    for day in draft.days:
        before = [word.lower for word in draft.words if word.end <= day.start][-1:]
        first = draft.text[day.start : day.end].split(" ")[:1]
        is_end = bool(_UNTIL.intersection(before + first))
        candidates = draft.open(lambda p: p.is_date)
        for parameter in sorted(candidates, key=lambda p: (not p.is_required, not _suits(p, is_end)))[:1]:
            draft.put(parameter, day.written(_form(parameter)), (day.start, day.end))


def _form(parameter: Parameter) -> str:
    return "date-time" if parameter.format == "date-time" or "time" in parameter.words else "date"


def written_day(parameter: Parameter, day: Day) -> str:
    """A date in the form that a parameter asks for."""
    return day.written(_form(parameter))


def _is_meant(words: Sequence[Word], first: int, last: int) -> bool:
    """A choice such as `on` is a word of its own use: it counts after `turn` or with nothing telling behind it."""
    if any(word.lower not in STOP_WORDS for word in words[first : last + 1]):
        return True
    before = words[first - 1].lower if first else ""
    return before in _SETTING or all(word.lower in STOP_WORDS for word in words[last + 1 :])


def _occurrences(draft: Draft, choice: str | int | float) -> Iterator[Span]:
    """Where a choice is said, as first and last word; `without furniture` is `no furniture`, `wifi` is `wi-fi`."""
    parts = name_words(str(choice))
    stems = stems_of(parts)
    joined = stem_of("".join(parts))
    said = draft.stems
    if not stems or (stems[0] not in said and joined not in said):
        return
    for at in range(len(said)):
        if tuple(said[at : at + len(stems)]) == stems:
            yield at, at + len(stems) - 1
        elif len(parts) > 1 and said[at] == joined:
            yield at, at


def _is_denied(words: Sequence[Word], first: int) -> bool:
    before = [word.lower for word in words[max(0, first - 2) : first] if word.lower not in ("a", "an", "the")]
    return not _DENIALS.isdisjoint(before[-1:])


def choices_said(draft: Draft, parameter: Parameter) -> list[tuple[Span, str | int | float]]:
    """The choices that are said, none inside a longer one, in the order of the sentence."""
    found: list[tuple[Span, str | int | float]] = []
    by_length = sorted(parameter.choices, key=lambda choice: -len(str(choice)))
    for choice in by_length:
        for first, last in _occurrences(draft, choice):
            span = (draft.words[first].start, draft.words[last].end)
            if _is_denied(draft.words, first):
                continue
            is_inside = any(known[0] < span[1] and span[0] < known[1] for known, _ in found)
            if not is_inside and draft.is_free(span) and _is_meant(draft.words, first, last):
                found.append((span, choice))
    return sorted(found, key=lambda item: item[0])


def polar_choice(parameter: Parameter, is_yes: bool) -> str | int | float | None:
    """The choice that means yes, or no, where there is exactly one."""
    wanted = _YES if is_yes else _NO
    fitting = [choice for choice in parameter.choices if str(choice).lower() in wanted]
    return fitting[0] if len(fitting) == 1 else None


def polarity(words: Sequence[Word]) -> bool | None:
    """Whether the words say yes or no; None where they say neither or both."""
    said = {word.lower for word in words}
    is_yes, is_no = bool(said & _YES), bool(said & _NO)
    return is_yes if is_yes != is_no else None


def _best(draft: Draft, said: list[tuple[Span, str | int | float]]) -> tuple[Span, str | int | float]:
    """`from light to dark` means dark; else the first one said."""
    for span, choice in said[1:]:
        if draft.text[: span[0]].rstrip().lower().endswith((" to", " into")):
            return span, choice
    return said[0]


def take_choices(draft: Draft) -> None:
    """Members of enumerations: one, or for an array all that are said."""
    for parameter in draft.open(lambda p: p.kind is Kind.CHOICE):
        said = choices_said(draft, parameter)
        if said and parameter.is_array:
            chosen: list[Json] = list(dict.fromkeys(choice for _, choice in said[:MAX_ITEMS]))
            draft.put(parameter, chosen, *(span for span, _ in said))
        elif said:
            span, choice = _best(draft, said)
            draft.put(parameter, choice, span)
        else:
            _take_implied(draft, parameter)


def _take_implied(draft: Draft, parameter: Parameter) -> None:
    is_yes = polarity([word for at, word in enumerate(draft.words) if _is_meant(draft.words, at, at)])
    choice = None if is_yes is None else polar_choice(parameter, is_yes)
    if choice is None and parameter.is_required and len(parameter.choices) == 1 and not parameter.is_array:
        choice = parameter.choices[0]
    if choice is not None:
        draft.put(parameter, choice)


def _is_negated(words: Sequence[Word], first: int, last: int) -> bool:
    before = {word.lower for word in words[max(0, first - NEGATION_REACH) : first]}
    after = {word.lower for word in words[last + 1 : last + 3]}
    return bool(before & (_NEGATIONS | _NO) or after & {"off", "false", "no"})


def take_yes_or_no(draft: Draft) -> None:
    """Booleans: a mention means true unless it is negated; one called `enabled` follows the verb."""
    for parameter in draft.open(lambda p: p.kind is Kind.BOOLEAN and not p.is_array):
        telling = parameter.telling - _POLAR
        places = [at for at, word in enumerate(draft.words) if word.stem in telling]
        if telling and telling <= {draft.words[at].stem for at in places}:
            draft.put(parameter, not _is_negated(draft.words, places[0], places[-1]))
        is_yes = polarity(draft.words)
        if not telling and is_yes is not None:
            draft.put(parameter, is_yes)
