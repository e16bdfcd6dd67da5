"""An Adaptive Card, or the template of one, against what Adaptive Cards 1.6 have. Pure.

A string with an expression in it may become anything, and is held to nothing. Cards may carry more than the table has,
so that a member it lacks is a mistake only where it is near to one that it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from orchestrator.check.bindings import listed
from orchestrator.check.card_members import NEWEST, Kind, Member, Version, version_of, version_text
from orchestrator.check.card_schema import GROUPS, KINDS, OWN_MEMBERS
from orchestrator.check.codes import problem
from orchestrator.errors import Problem
from orchestrator.manifest.guesses import guess, nearest
from orchestrator.manifest.members import type_of
from orchestrator.manifest.problems import quoted
from runtimes.positions import pointer_to
from runtimes.values import Json, JsonObject

CARD = "AdaptiveCard"
"""The type of a card."""

SURELY = 0.8
"""How like a member an unknown one is, from 0 to 1, when it is surely a misspelling: cards may carry other members."""

_RESERVED = ("$data", "$when")
_IN_WORDS: Mapping[str, str] = {"string": "a string", "number": "a number", "boolean": "true or false"}
_OBJECT = "an object"


def has_expression(value: Json) -> bool:
    """Whether the value is a string that may become anything else."""
    return isinstance(value, str) and "${" in value


def _json_type(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an object stands."""

    pointer: str = ""
    is_certain: bool = True
    """It is there whatever the data: no `$when` and no fallback lies around it."""

    def at(self, *parts: str | int) -> str:
        return self.pointer + pointer_to(*parts)

    def inside(self, *parts: str | int, is_certain: bool = True) -> _Place:
        return _Place(self.at(*parts), self.is_certain and is_certain)


def _type_meant(stated: str, names: tuple[str, ...]) -> str | None:
    """The type that was probably meant; that the first half of a name is forgotten is the usual mistake."""
    folded = stated.casefold()
    whole = next((name for name in names if folded in (name.casefold(), name.rpartition(".")[2].casefold())), None)
    return whole or nearest(stated, names)


def _member_meant(name: str, node: JsonObject, kind: Kind) -> str | None:
    """The member, which the object has not yet, that was probably meant."""
    absent = [known for known in kind.members if known not in node]
    folded = name.casefold()
    meant = next((known for known in absent if known.casefold() == folded), None) or nearest(name, absent)
    likeness = SequenceMatcher(None, folded, meant.casefold()).ratio() if meant is not None else 0.0
    return meant if likeness >= SURELY else None


def _forgotten_sign(name: str, value: Json) -> str | None:
    """The reserved name that was probably meant: `$when` is written without its sign, or in another case."""
    meant = "$" + name.removeprefix("$").lower()
    if meant == name or meant not in _RESERVED:
        return None
    return meant if name.startswith("$") or meant == "$when" or has_expression(value) else None


@dataclass(slots=True)
class _Reading:
    """One card on its way through the table."""

    version: Version
    inputs: set[str] = field(default_factory=set[str])
    """The ids of the inputs that were met."""

    def of_kind(self, node: JsonObject, name: str, place: _Place) -> Iterator[Problem]:
        """Everything about an object of a known kind."""
        kind = KINDS[name]
        if kind.is_open:
            return
        place = _Place(place.pointer, place.is_certain and "$when" not in node)
        if kind.is_named and kind.since > self.version and "fallback" not in node:
            yield self._newer(place.at("type"), quoted(name), kind.since)
        for key, value in node.items():
            member = kind.members.get(key)
            if member is None:
                yield from self._unknown(node, key, kind, place)
                continue
            if self.version < member.since > kind.since:
                yield self._newer(place.at(key), quoted(key), member.since)
            if not member.takes(value):
                yield from self._value(member, value, place.inside(key, is_certain=key != "fallback"))
        for key, member in kind.members.items():
            if member.is_required and key not in node:
                yield problem(
                    "card-missing", place.at(key), f"{quoted(name)} has no {quoted(key)}", hint=f"add {key!r}"
                )
        if name.startswith("Input."):
            yield from self._input(node, place)

    def _newer(self, pointer: str, told: str, since: Version) -> Problem:
        message = f"{told} came with version {version_text(since)}, and the card states {version_text(self.version)}"
        return problem("card-newer", pointer, message, hint=f'state "version": "{version_text(since)}"')

    def _unknown(self, node: JsonObject, key: str, kind: Kind, place: _Place) -> Iterator[Problem]:
        meant = _forgotten_sign(key, node[key])
        if meant is None and (key.startswith(("$", "x-")) or key in OWN_MEMBERS):
            return
        meant = meant or _member_meant(key, node, kind)
        if meant is not None:
            message = f"{quoted(key)} is no member that cards have here"
            yield problem("card-member", place.at(key), message, hint=f"did you mean {meant!r}?")

    def _value(self, member: Member, value: Json, place: _Place) -> Iterator[Problem]:
        if not member.types or value is None or has_expression(value):
            return
        if member.is_many and isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._item(member, item, place.inside(index))
        elif member.is_many and not (isinstance(value, dict) and "$data" in value):
            yield self._wrong(place, "an array", value)
        else:
            yield from self._item(member, value, place)

    def _wrong(self, place: _Place, wanted: str, value: Json) -> Problem:
        name = place.pointer.rpartition("/")[2]
        subject = f"element {name}" if name.isdecimal() else quoted(name)
        return problem("card-value", place.pointer, f"{subject} must be {wanted}, not {type_of(value)}")

    def _item(self, member: Member, value: Json, place: _Place) -> Iterator[Problem]:
        """One value; an array in an array is taken apart when the card is expanded."""
        if value is None or has_expression(value):
            return
        if isinstance(value, list) and member.is_many:
            for index, item in enumerate(value):
                yield from self._item(member, item, place.inside(index))
        elif _json_type(value) not in member.types:
            wanted = [words for kind, words in _IN_WORDS.items() if kind in member.types]
            wanted = wanted[:1] if member.words else wanted
            yield self._wrong(place, " or ".join([*wanted, *([_OBJECT] if "object" in member.types else [])]), value)
        elif isinstance(value, str):
            yield from self._word(member, value, place.pointer)
        elif isinstance(value, dict) and member.group:
            yield from self._grouped(value, member.group, place)

    def _word(self, member: Member, value: str, pointer: str) -> Iterator[Problem]:
        if not member.fits(value):
            known = tuple(member.words) or ("20px",)
            hint = guess(value.lower(), known, f"known: {listed(known)}" if member.words else "write it as '20px'")
            name = pointer.rpartition("/")[2]
            yield problem("card-value", pointer, f"{quoted(value)} is no value that {quoted(name)} has", hint=hint)
            return
        since = next((since for word, since in member.words.items() if word.lower() == value.lower()), (1, 0))
        if since > self.version:
            yield self._newer(pointer, quoted(value), since)

    def _grouped(self, node: JsonObject, group: str, place: _Place) -> Iterator[Problem]:
        """An object that is to be of one kind, or of one of several."""
        names = GROUPS.get(group, (group,))
        stated = node.get("type")
        if has_expression(stated):
            return
        if group not in GROUPS and (not KINDS[group].is_named or stated in (None, group)):
            yield from self.of_kind(node, group, place)
        elif stated is None:
            message = "what stands here must state its type"
            yield problem("card-type", place.at("type"), message, hint=f"types: {listed(names)}")
        elif not isinstance(stated, str):
            yield self._wrong(place.inside("type"), "a string", stated)
        elif stated in names:
            yield from self.of_kind(node, stated, place)
        elif stated in KINDS:
            hint = f"what may stand here: {listed(names)}"
            yield problem("card-type", place.at("type"), f"{quoted(stated)} cannot stand here", hint=hint)
        elif "fallback" not in node:
            meant = _type_meant(stated, names)
            hint = f"did you mean {meant!r}?" if meant else f"types: {listed(names)}; for others, add a 'fallback'"
            yield problem("card-type", place.at("type"), f"{quoted(stated)} is no type that cards have here", hint=hint)

    def _input(self, node: JsonObject, place: _Place) -> Iterator[Problem]:
        name = node.get("id")
        if not place.is_certain or not isinstance(name, str) or has_expression(name):
            return
        if name in self.inputs:
            message = f"another input of the card has the id {quoted(name)} too, and only one of them is sent"
            yield problem("card-input-id", place.at("id"), message, hint="give each input an id of its own")
        self.inputs.add(name)


def _version_problem(card: JsonObject) -> Problem | None:
    stated = card.get("version")
    newest = version_text(NEWEST)
    if "version" not in card:
        return problem("card-version", "/version", "the card states no version", hint=f'add "version": "{newest}"')
    if has_expression(stated):
        return None
    version = version_of(stated)
    if version is None:
        shown = quoted(stated) if isinstance(stated, str) else type_of(stated)
        return problem("card-version", "/version", f"a version is text such as '1.5', not {shown}")
    if version > NEWEST:
        message = f"the card states version {version_text(version)}; the newest that is known is {newest}"
        return problem("card-version", "/version", message, hint=f"hosts show its 'fallbackText'; state '{newest}'")
    return None


def schema_problems(card: JsonObject) -> Iterator[Problem]:
    """Where a card is not as Adaptive Cards 1.6 are; pointers begin at the card."""
    found = _version_problem(card)
    if found is not None:
        yield found
    version = version_of(card.get("version")) or NEWEST
    known = {name: value for name, value in card.items() if name != "version"}
    yield from _Reading(version).of_kind(known, CARD, _Place())
