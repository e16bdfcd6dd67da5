"""Picks the function that a sentence asks for, by words: BM25 over names, descriptions and parameters.

A match of words alone is not enough: the kind of verb has to fit, and what the sentence holds (numbers, names, quoted
text) has to find a place among the parameters.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from orchestrator.model.base import ToolDefinition, ToolSet
from orchestrator.model.offline.intent import (
    is_asking,
    is_negated,
    is_reading,
    kin,
    sense_asked,
    sense_of,
    senses_offered,
    synonyms,
)
from orchestrator.model.offline.schema import Kind, Parameter, parameters_of
from orchestrator.model.offline.vocabulary import vocabulary
from orchestrator.model.offline.words import STOP_WORDS, Word, name_words, number_of, stem_of, stems_of, words_of

WITHDRAW = "withdraw"
"""The tool that ends a conversation."""
MAX_DESCRIPTION = 4_000
"""Characters of a function's description that are read."""
SATURATION = 1.2
"""BM25's k1: how soon more of the same word stops counting."""
LENGTH_PENALTY = 0.3
"""BM25's b: how much a long text is held against its words."""
SYNONYM_WEIGHT = 0.5
"""What a verb of the same sense counts beside the verb itself."""
LATER_WORDS = 0.15
"""How fast the words of a sentence lose weight, one to the next."""
OWN_WEIGHT = 0.5
"""What the words for the signed-in user count where the person says `my`."""
CONFIDENT_COVERAGE = 0.5
"""The share of a sentence's telling words that a function must know to be taken against the sense of the verb."""

_FIRST_PERSON = frozenset({"my", "mine", "am", "myself", "our"})
_INTRODUCING = vocabulary("about for in near at named called with regarding")
_BARE_VERBS = frozenset(stems_of(vocabulary("find search get show see give tell know retrieve make")))
_OWN = stems_of(("user", "logged", "signed", "your", "my"))
_QUOTE = re.compile(r"\"[^\"]+\"|\u201c[^\u201d]+\u201d")
_NAME_WEIGHT = 3.0
_PREFIX_WEIGHT = 0.3
_PARAMETER_WEIGHT = 1.5
_CHOICE_WEIGHT = 1.5
_SMALL_PRINT_WEIGHT = 0.4
_MAX_REPEATS = 3
_FITS, _UNFITTING = 1.2, 0.8
_OPEN_TO_WORDS = 1.1


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A function with its words made ready."""

    definition: ToolDefinition
    weights: dict[str, float]
    """Stem to how much it says."""
    length: float
    senses: frozenset[str]
    parameters: tuple[Parameter, ...]

    @cached_property
    def title(self) -> tuple[str, ...]:
        """The words of its name, without the namespace."""
        return name_words(own_name(self.definition.name))

    @property
    def is_acting(self) -> bool:
        """True when the verb of its name, or without one that of its description, does more than read."""
        return bool(self.senses) and not is_reading(senses_offered(self.title, ()) or self.senses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The function picked, and how sure that is."""

    tool: Tool
    score: float
    coverage: float
    """The share of the sentence's telling words that the function knows."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What of a sentence is looked at for picking."""

    stems: dict[str, float]
    """Stem to how much it counts: the first words say what is asked for, the later ones narrow it down."""
    telling: frozenset[str]
    """Stems of words that are neither stop words nor verbs of a known sense."""
    own: frozenset[str]
    """Stems of the words said, without those that `my` stands for."""
    sense: str | None
    verb: str | None
    """The stem of the verb that it begins with, unless that only asks to find or show."""
    is_asking: bool
    """It asks about something, so that nothing may be done."""
    is_negated: bool
    """Its verb says what is not wanted."""
    names: frozenset[str]
    """Stems of the capitalised words inside the sentence."""
    has_digits: bool
    has_quote: bool
    has_number: bool
    has_link: bool
    has_name: bool
    has_phrase: bool
    """It says what to look for: `about rain`, `in Rome`."""


def own_name(tool_name: str) -> str:
    """The function's name without the plugin's namespace."""
    prefix, dash, name = tool_name.partition("-")
    return name if dash and name else prefix


def _weights(definition: ToolDefinition, parameters: Iterable[Parameter]) -> dict[str, float]:
    name = own_name(definition.name)
    fields: list[tuple[float, Iterable[str]]] = [
        (_NAME_WEIGHT, name_words(name)),
        (_PREFIX_WEIGHT, name_words(definition.name.removesuffix(name))),
        (1.0, name_words(definition.description[:MAX_DESCRIPTION])),
    ]
    for parameter in parameters:
        choices = " ".join(choice for choice in parameter.choices if isinstance(choice, str))
        fields.append((_PARAMETER_WEIGHT, parameter.words))
        fields.append((_CHOICE_WEIGHT, name_words(choices)))
        fields.append((_SMALL_PRINT_WEIGHT, name_words(parameter.description)))
    weights: dict[str, float] = {}
    for weight, words in fields:
        counted = Counter(stems_of(word for word in words if word not in STOP_WORDS or weight == _NAME_WEIGHT))
        for stem, times in counted.items():
            weights[stem] = weights.get(stem, 0.0) + weight * min(times, _MAX_REPEATS)
    return weights


def _tool(definition: ToolDefinition) -> Tool:
    parameters = parameters_of(definition.parameters)
    weights = _weights(definition, parameters)
    senses = senses_offered(name_words(own_name(definition.name)), name_words(definition.description[:200]))
    return Tool(
        definition=definition, weights=weights, length=sum(weights.values()), senses=senses, parameters=parameters
    )


def _placed(stems: Iterable[str]) -> dict[str, float]:
    return {stem: 1 / (1 + LATER_WORDS * place) for place, stem in enumerate(dict.fromkeys(stems))}


def _own_stems(words: list[str]) -> dict[str, float]:
    """A person who says `my` speaks of the signed-in user."""
    return dict.fromkeys(_OWN, OWN_WEIGHT) if _FIRST_PERSON.intersection(words) else {}


def read_sentence(text: str) -> Sentence:
    """Reads a sentence for picking a function."""
    words = words_of(text)
    lower = [word.lower for word in words]
    told = [word for word in words if word.lower not in STOP_WORDS and number_of(word.lower) is None]
    telling = frozenset(word.stem for word in told)
    leading = frozenset(word.stem for word in told[:1] if sense_of(word.stem))
    names = frozenset(word.stem for place, word in enumerate(words) if _is_name(word, place))
    return Sentence(
        own=frozenset(word.stem for word in told),
        verb=next(iter(leading - _BARE_VERBS), None),
        is_asking=is_asking(lower),
        is_negated=is_negated(lower),
        names=names,
        has_digits=any(character.isdecimal() for character in text),
        has_quote=_QUOTE.search(text) is not None,
        stems=_own_stems(lower) | _placed(word.stem for word in told),
        telling=telling - leading - _BARE_VERBS,
        sense=sense_asked(lower),
        has_number=any(number_of(word) is not None for word in lower),
        has_phrase=not _INTRODUCING.isdisjoint(lower),
        has_link="://" in text,
        has_name=bool(names),
    )


def _is_name(word: Word, place: int) -> bool:
    return place > 0 and word.is_capitalised and word.lower not in STOP_WORDS


def _is_lacking(sentence: Sentence, parameter: Parameter) -> bool:
    """True when the parameter must be given and needs a form that nothing in the sentence has."""
    if not parameter.is_required or parameter.choices:
        return False
    if parameter.is_link:
        return not sentence.has_link
    return (parameter.is_id or parameter.is_numeric) and not sentence.has_number


def _has_room(sentence: Sentence, tool: Tool) -> bool:
    """Whether a parameter can take each kind of thing that the sentence names: a number, a name, a quote.

    What the function's own words say already needs no place.
    """
    parameters = tool.parameters
    takes_words = any(p.is_text or p.kind is Kind.OTHER for p in parameters)
    takes_days = any(p.is_date for p in parameters)
    takes_numbers = takes_days or any(p.is_numeric or p.is_amount or p.is_id for p in parameters)
    if sentence.has_digits and not (takes_numbers or takes_words):
        return False
    if sentence.has_quote and not (takes_words or any(p.kind is Kind.STRING for p in parameters)):
        return False
    return takes_words or takes_days or sentence.names <= tool.weights.keys()


def _fit(sentence: Sentence, tool: Tool) -> float:
    """How well the parameters can take what the sentence holds, and the sentence give what they need; 1 is neutral."""
    parameters = tool.parameters
    fit = 1.0
    if sentence.has_number:
        fit *= _FITS if any(p.is_numeric or p.is_amount or p.is_id for p in parameters) else _UNFITTING
    if sentence.has_name:
        fit *= _FITS if any(p.is_text for p in parameters) else _UNFITTING
    if any(p.is_query for p in parameters):
        fit *= _OPEN_TO_WORDS
    return fit * _UNFITTING if any(_is_lacking(sentence, p) for p in parameters) else fit


class Index:
    """The functions of a tool set, ready to be picked from; made once for many sentences.

    `withdraw` is not among them: no words of a person alone end a conversation.
    """

    def __init__(self, tools: ToolSet) -> None:
        self.tools = tuple(_tool(definition) for definition in tools.definitions if definition.name != WITHDRAW)
        self.offers_withdraw = any(definition.name == WITHDRAW for definition in tools.definitions)
        self._mean = sum(tool.length for tool in self.tools) / max(len(self.tools), 1) or 1.0
        seen = Counter(stem for tool in self.tools for stem in tool.weights)
        count = len(self.tools)
        self._rarity = {stem: math.log(1 + (count - n + 0.5) / (n + 0.5)) for stem, n in seen.items()}

    def _words_score(self, sentence: Sentence, tool: Tool) -> float:
        norm = SATURATION * (1 - LENGTH_PENALTY + LENGTH_PENALTY * tool.length / self._mean)
        score = 0.0
        for stem, counts in sentence.stems.items():
            near = max((tool.weights.get(other, 0.0) for other in synonyms(stem) if other != stem), default=0.0)
            weight = tool.weights.get(stem, 0.0) + near * SYNONYM_WEIGHT
            score += counts * self._rarity.get(stem, 0.3) * weight / (weight + norm)
        return score

    def _judged(self, sentence: Sentence, tool: Tool) -> Choice:
        nearness = kin(sentence.sense, tool.senses)
        known = sum(1 for stem in sentence.telling if stem in tool.weights)
        coverage = known / max(len(sentence.telling), 1)
        weighing = (1 + 0.4 * nearness) * (1 + 0.4 * coverage) * _fit(sentence, tool)
        return Choice(tool=tool, score=self._words_score(sentence, tool) * weighing, coverage=coverage)

    def ranked(self, text: str) -> list[Choice]:
        """The functions that know a word of the sentence, best first."""
        sentence = read_sentence(text)
        judged = [self._judged(sentence, tool) for tool in self.tools]
        return sorted((choice for choice in judged if choice.score > 0), key=lambda choice: -choice.score)

    def choose(self, text: str) -> Choice | None:
        """The function that a sentence asks for; None when none of them is meant."""
        sentence = read_sentence(text)
        meant = [choice for choice in self.ranked(text) if _is_meant(choice, sentence)]
        fitting = [choice for choice in meant if not choice.tool.is_acting or _has_room(sentence, choice.tool)]
        likely = [c for c in fitting if c is meant[0] or kin(sentence.sense, c.tool.senses) >= 0]
        if likely:
            return meant[0] if meant[0] in fitting else likely[0]
        # An act that takes nothing would be done to something else than what the sentence names.
        rest = (choice for choice in meant if choice in fitting or choice.tool.parameters or not choice.tool.is_acting)
        return next(rest, None)


def _is_meant(choice: Choice, sentence: Sentence) -> bool:
    if sentence.is_negated or (sentence.is_asking and choice.tool.is_acting):
        return False
    nearness = kin(sentence.sense, choice.tool.senses)
    if nearness <= 0 and choice.tool.is_acting and choice.tool.senses and not choice.tool.parameters:
        return False
    if nearness < 0:
        return choice.coverage >= CONFIDENT_COVERAGE
    title = {stem_of(word) for word in choice.tool.title}
    if choice.coverage > 0 or title & sentence.own:
        return True
    if not sentence.telling:
        return nearness > 0 and all(stem in choice.tool.weights for stem in sentence.own)
    takes_text = any(parameter.is_text for parameter in choice.tool.parameters)
    if takes_text and sentence.names and sentence.verb in choice.tool.weights:
        return True
    return nearness >= 1 and sentence.sense == "search" and takes_text and sentence.has_phrase
