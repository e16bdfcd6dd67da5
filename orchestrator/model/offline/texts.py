"""Passes over a draft for free text: quoted, named, behind a preposition, or what is left of the sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.model.offline.draft import Draft, Span
from orchestrator.model.offline.intent import is_leading, sense_of
from orchestrator.model.offline.schema import Parameter
from orchestrator.model.offline.vocabulary import vocabulary
from orchestrator.model.offline.words import STOP_WORDS, Word, number_of, stem_of, stems_of

MAX_LOOSE_WORDS = 3
"""Words left over that are still taken for a name."""
MENTION_REACH = 3
"""Words between a quote and the name of its parameter."""

_AFFINITIES = {
    "in at near around within": "city location place region country state area address town street venue postcode",
    "about regarding concerning": "query topic subject prompt keyword text question search term description content",
    "for": "query name keyword search term person customer project product",
    "to": "recipient receiver to destination target organization organisation assignee project language",
    "from": "origin source from sender author account",
    "by": "author user creator by assignee owner artist writer",
    "on": "topic subject query project",
    "with": "description title content participant attendee skill",
    "as": "role position title",
    "named called titled entitled": "name title subject label",
}
_GROUPS = {word: frozenset(stems_of(names.split())) for words, names in _AFFINITIES.items() for word in words.split()}
_PLACING = vocabulary("in at near around within to for from by about")
_BREAKS = vocabulary(
    "that which who whose where when please and or but if because with without using until till since after before"
)
_DEICTIC = vocabulary(
    "my our your his her their this that these those it them me us him here there now today tomorrow tonight sale "
    "same all any every each you what which least most once first last"
)
_ARTICLES = frozenset({"a", "an", "the"})
_CLAUSE = re.compile(r"[,;:!?()\n]|\.(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Phrase:
    """What stands behind a preposition."""

    preposition: str
    span: Span
    is_name: bool
    """True when it begins with a capital letter."""


def _span_of(words: list[Word]) -> Span:
    return words[0].start, words[-1].end


def _extent(draft: Draft, first: int) -> list[Word]:
    """The words of a phrase: up to the next preposition, clause or word that is used up."""
    found: list[Word] = []
    for word in draft.words[first:]:
        gap = draft.between(found[-1], word) if found else ""
        is_break = word.lower in _BREAKS or word.lower in _GROUPS
        if is_break or _CLAUSE.search(gap) or not draft.is_free((word.start, word.end)):
            break
        found.append(word)
    while found and found[-1].lower in STOP_WORDS:
        found.pop()
    return found


def _phrases(draft: Draft) -> Iterator[Phrase]:
    words = draft.words
    for place, word in enumerate(words[:-1]):
        if word.lower not in _GROUPS:
            continue
        first = place + 1 + (words[place + 1].lower in _ARTICLES)
        if first >= len(words) or _CLAUSE.search(draft.text[word.end : words[first].start]):
            continue
        is_infinitive = word.lower == "to" and first == place + 1 and sense_of(words[first].stem) is not None
        extent = [] if is_infinitive or words[first].lower in _DEICTIC else _extent(draft, first)
        if extent:
            yield Phrase(word.lower, _span_of(extent), extent[0].is_capitalised)


def _distance(draft: Draft, span: Span, parameter: Parameter) -> int:
    """How many words from a quote its parameter is named; in front of it counts as nearer than behind it."""
    own = frozenset(stems_of(parameter.words))
    before = [word.stem for word in draft.words if word.end <= span[0]][: -MENTION_REACH - 1 : -1]
    after = [word.stem for word in draft.words if word.start >= span[1]][:MENTION_REACH]
    places = [2 * at for at, stem in enumerate(before) if stem in own]
    places += [2 * at + 1 for at, stem in enumerate(after) if stem in own]
    return min(places, default=2 * MENTION_REACH)


def take_quotes(draft: Draft) -> None:
    """Quoted text, for the parameter named beside it, else the first that must be given."""
    for span, quoted in draft.quotes:
        candidates = draft.open(lambda p: p.is_text)
        distances = [_distance(draft, span, parameter) for parameter in candidates]
        if candidates:
            draft.put(candidates[distances.index(min(distances))], quoted, span)


def take_named(draft: Draft) -> None:
    """`city: Seattle`, `project Contoso` and `the Contoso project`."""
    for parameter in draft.open(lambda p: p.is_text and not p.is_free_form and bool(p.telling)):
        for first, last in draft.mentions(parameter):
            span = _explicit(draft, last) or _name_after(draft, last) or _name_before(draft, first)
            if span and draft.put(parameter, draft.text[span[0] : span[1]], span):
                break


def _explicit(draft: Draft, last: int) -> Span | None:
    """What is written behind the mention and a colon."""
    if last + 1 >= len(draft.words):
        return None
    if draft.between(draft.words[last], draft.words[last + 1]).strip() not in (":", "="):
        return None
    extent = _extent(draft, last + 1)
    return _span_of(extent) if extent else None


def _is_name(draft: Draft, place: int) -> bool:
    word = draft.words[place]
    is_free = draft.is_free((word.start, word.end))
    return place > 0 and is_free and word.is_capitalised and word.lower not in STOP_WORDS


def _name_after(draft: Draft, last: int) -> Span | None:
    end = last + 1
    while (
        end < len(draft.words)
        and _is_name(draft, end)
        and not draft.between(draft.words[end - 1], draft.words[end]).strip()
    ):
        end += 1
    found = list(draft.words[last + 1 : end])
    return _span_of(found) if found else None


def _name_before(draft: Draft, first: int) -> Span | None:
    start = first
    if draft.words[first].is_capitalised:
        return None
    while (
        start > 0
        and _is_name(draft, start - 1)
        and not draft.between(draft.words[start - 1], draft.words[start]).strip()
    ):
        start -= 1
    found = list(draft.words[start:first])
    return _span_of(found) if found else None


def _affinity(phrase: Phrase, parameter: Parameter) -> float:
    group = _GROUPS[phrase.preposition]
    own = frozenset(stems_of(parameter.words))
    if own & group:
        return 2.0 + parameter.is_required
    return 1.0 + parameter.is_required if parameter.described & group else 0.0


def take_phrases(draft: Draft) -> None:
    """`in Seattle`, `about the ocean`, `named Ada`: by what the preposition usually introduces."""
    for phrase in tuple(_phrases(draft)):
        open_texts = draft.open(lambda p: p.is_text and not p.is_free_form)
        if not open_texts or not draft.is_free(phrase.span) or _is_known(draft, phrase):
            continue
        affinities = [_affinity(phrase, parameter) for parameter in open_texts]
        best = open_texts[affinities.index(max(affinities))]
        if max(affinities) > 0 or _is_only_place(draft, phrase, best):
            draft.put(best, draft.text[phrase.span[0] : phrase.span[1]], phrase.span)


def _is_only_place(draft: Draft, phrase: Phrase, parameter: Parameter) -> bool:
    """True when a name can only be meant for this parameter, whatever that is called."""
    texts = [p for p in draft.tool.parameters if p.is_text]
    required = [p for p in draft.open(lambda p: p.is_text) if p.is_required]
    is_alone = len(texts) == 1 or (len(required) == 1 and parameter.is_required)
    return phrase.is_name and phrase.preposition in _PLACING and is_alone


def _is_known(draft: Draft, phrase: Phrase) -> bool:
    """True when the phrase only repeats the function's own words: `for homes`."""
    said = [word for word in draft.words if phrase.span[0] <= word.start < phrase.span[1]]
    return not phrase.is_name and all(word.stem in draft.tool.weights or word.lower in STOP_WORDS for word in said)


def take_rest(draft: Draft) -> None:
    """What is left of the sentence, for the one parameter that takes free words."""
    required = [p for p in draft.open(lambda p: p.is_text) if p.is_required]
    optional = [p for p in draft.open(lambda p: p.is_text) if p.is_free_form or p.is_query]
    if len(required) > 1 or not (required or optional):
        return
    parameter = (required or optional)[0]
    span = _request(draft) if parameter.is_free_form else _salient(draft, parameter)
    if span:
        draft.put(parameter, draft.text[span[0] : span[1]], span)


def _request(draft: Draft) -> Span | None:
    """The sentence behind its verb: `write me a song about rain` is `a song about rain`."""
    title = frozenset(stem_of(word) for word in draft.tool.title)
    words = list(draft.words)
    verb = frozenset(stems_of(draft.tool.title[:1]))
    while words and (is_leading(words[0].lower) or sense_of(words[0].stem) or words[0].stem in verb):
        words.pop(0)
    told = [word for word in words if word.lower not in STOP_WORDS and word.stem not in title]
    return _span_of(words) if told else None


def _salient(draft: Draft, parameter: Parameter) -> Span | None:
    """The words that say something which the function does not say itself."""
    known = frozenset(stem_of(word) for word in draft.tool.title)
    if not (parameter.is_query and parameter.is_required):
        known |= draft.tool.weights.keys()
    told = [
        word
        for word in draft.words
        if word.lower not in STOP_WORDS
        and word.stem not in known
        and not sense_of(word.stem)
        and number_of(word.lower) is None
        and draft.is_free((word.start, word.end))
    ]
    if not told:
        return None
    span = _span_of(told)
    size = sum(1 for word in draft.words if span[0] <= word.start < span[1])
    is_short = parameter.is_query or size <= MAX_LOOSE_WORDS
    return span if is_short and draft.is_free(span) else None
