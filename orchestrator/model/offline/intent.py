"""What kind of thing a verb asks for: knowledge of English, not of any plugin."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from orchestrator.model.offline.vocabulary import vocabulary
from orchestrator.model.offline.words import stem_of

_SENSES = {
    "search": "find search query lookup look seek locate discover explore",
    "read": "get list show retrieve fetch view see display read return tell check browse give describe explain "
    "summarize know learn recommend suggest return monitor review",
    "create": "create make generate compose write build draft produce log register",
    "add": "add new insert post append save store keep remember assign file",
    "order": "order place buy book reserve purchase charge pay donate",
    "change": "update modify change edit patch put set adjust turn switch toggle enable disable rename move activate "
    "deactivate",
    "remove": "delete remove cancel clear erase discard drop forget unsubscribe",
    "send": "send submit mail email share forward publish",
    "start": "run start execute invoke initiate launch confirm analyse analyze classify calculate convert translate",
}
_SENSE_OF = {stem_of(verb): sense for sense, verbs in _SENSES.items() for verb in verbs.split()}
_VERBS_OF = {sense: frozenset(stem_of(verb) for verb in verbs.split()) for sense, verbs in _SENSES.items()}
_READING = frozenset({"search", "read"})
_QUESTION_WORDS = vocabulary("what which where who when how why is are do does any whats")
_LEADING = vocabulary("please can could would will you i me help want need like let us to d ll just now then and")
_MAX_LEAD = 8
_NEGATIONS = vocabulary("not never don dont doesn won shouldn mustn neither without")
_NEGATION_REACH = 4
_ASKING = vocabulary("is are am was were do does did should shall has have what which where who when why how if")
_ASKING_INSIDE = (("how", "to"), ("how", "do"), ("how", "can"), ("how", "would"), ("what", "if"), ("what", "happens"))
_SUGGESTING = frozenset({("how", "about"), ("what", "about")})


def sense_of(stem: str) -> str | None:
    """The sense of a verb's stem; None for a word that is no verb known here."""
    return _SENSE_OF.get(stem)


def is_leading(word: str) -> bool:
    """Whether a lower-case word only leads up to the verb: `please`, `can you`."""
    return word in _LEADING


def is_reading(senses: frozenset[str]) -> bool:
    """Whether a function of these senses only reads; one of no known sense is not known to."""
    return bool(senses) and senses <= _READING


def is_negated(words: Sequence[str]) -> bool:
    """Whether the first verb of a sentence is what the person does not want; `words` are lower case."""
    for place, word in enumerate(words):
        if word in _NEGATIONS:
            return any(_SENSE_OF.get(stem_of(after)) for after in words[place + 1 : place + 1 + _NEGATION_REACH])
        if _SENSE_OF.get(stem_of(word)):
            return False
    return False


def is_asking(words: Sequence[str]) -> bool:
    """Whether a sentence asks about something rather than for it: `is it dark?`, `tell me how to delete it`.

    `could you delete it?` is a request; `words` are lower case.
    """
    pairs = tuple(pairwise(words))
    if any(pair in _ASKING_INSIDE for pair in pairs):
        return True
    first = next((place for place, word in enumerate(words) if word in _ASKING or word not in _LEADING), None)
    if first is None or words[first] not in _ASKING or words[first : first + 2] == ["do", "not"]:
        return False
    return tuple(words[first : first + 2]) not in _SUGGESTING


def synonyms(stem: str) -> frozenset[str]:
    """The stems of the same sense, this one among them."""
    sense = _SENSE_OF.get(stem)
    return _VERBS_OF[sense] if sense else frozenset()


def _kin(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if one in _READING and other in _READING:
        return 0.8
    if (one in _READING) != (other in _READING):
        return -1.0
    return 0.0 if {one, other} <= {"create", "add", "order", "start", "send"} else -0.8


def kin(asked: str | None, offered: frozenset[str]) -> float:
    """How near what is asked is to what is offered: 1 the same, 0 either unknown, -1 asking against acting."""
    if asked is None or not offered:
        return 0.0
    return max(_kin(asked, sense) for sense in offered)


def sense_asked(words: Sequence[str]) -> str | None:
    """The sense of a sentence, from its first verb or question word; `words` are lower case.

    A verb unknown here still asks for something to be made where that is to be `new`.
    """
    for place, word in enumerate(words[:_MAX_LEAD]):
        sense = "read" if word in _QUESTION_WORDS else _SENSE_OF.get(stem_of(word))
        if sense:
            return sense
        if word not in _LEADING and place >= 1:
            break
    return "create" if "new" in words else None


def senses_offered(name: Sequence[str], description: Sequence[str]) -> frozenset[str]:
    """The senses of a function: of the first verb in its name and of the first in the head of its description."""
    found: list[str] = []
    for words in (name, description[:3]):
        found += [sense for word in words if (sense := _SENSE_OF.get(stem_of(word)))][:1]
    return frozenset(found)
