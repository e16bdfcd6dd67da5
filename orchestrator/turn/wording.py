"""The words of a confirmation (spec 9.3.2): a plugin's template filled with the arguments of one call. Pure.

The language is Liquid. Manifests in the wild also name arguments in ways that Liquid does not read: `${x}`, `{{{x}}}`,
`{x}`, names with signs in them, indices after a dot, a body's member with the body in front. Each place is therefore
looked up here and handed to Liquid as a variable of its own; a template that still is no Liquid is read place by place.
What an argument holds is data in either reading, and is never read as a template itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from runtimes.values import Json, JsonObject

MAX_TEXT = 4096
"""Characters of a title or a body (spec 3.2)."""

MAX_TEMPLATE = 4 * MAX_TEXT
"""Characters of a template that are read."""

MAX_STEPS = 10
"""Names that a path may lead through."""

MAX_TAG = 400
"""Characters of a Liquid tag."""

GENERATED = "model_generated"
"""The filter that has the model write the question (the example of spec 9.3)."""

_CUT = "…"
_PLACE = re.compile(
    rf"(?P<tag>\{{%[^%]{{0,{MAX_TAG}}}+%\}})"
    r"|\{\{\{(?P<triple>[^{}]*+)\}\}\}|\{\{(?P<double>[^{}]*+)\}\}|\$\{(?P<dollar>[^{}]*+)\}|\{(?P<single>[^{}%]*+)\}"
    r"|(?P<stray>\{[{%]|[}%]\}|\$\{(?!\{))"
)
"""Where something is to be filled in; a tag has no `%` in it."""

_HEAD = re.compile(r"-?~?&?((?:'[^']*+'|\"[^\"]*+\"|[^|'\"])*+)(\|.*)?", re.DOTALL)
"""What a place names, and its filters."""

_SECTION = re.compile(r"\s*+(?:[#/^!>]|else\s*+$)")
"""How a mustache tag starts that stands for nothing itself."""

_STEP = re.compile(r"\.\s*+([^.\[\]'\"]++)|\[\s*+(?:'([^']*+)'|\"([^\"]*+)\"|(\d++))\s*+\]")
_RAW = re.compile(r"\{%-?\s*+(?:raw|comment)\b")
_LIQUID_NAME = re.compile(r"[A-Za-z_][\w-]*+|\d++")
_OTHER_SPELLING = re.compile(r"[\w $@-]++")
_TRIM = " \t\n-~"
_PREFIX = ("function", "parameters")
_FUNCTION_NAME = ("function", "name")
_BODY = "body"


@dataclass(frozen=True, slots=True)
class _Absent:
    """Stands for what no argument is."""


_ABSENT = _Absent()


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """The text without white space around it, at most so many characters long; a sign tells that more was there."""
    text = text.strip()
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT


def _steps(path: str) -> tuple[str, ...]:
    """The names that a path leads through; none for what is no path."""
    path = path.strip(_TRIM)
    matches = list(_STEP.finditer(f".{path}"))
    if not path or len(matches) > MAX_STEPS or sum(len(match[0]) for match in matches) != len(path) + 1:
        return ()
    return tuple(next(part for part in match.groups() if part is not None).strip() for match in matches)


def _parts(inside: str) -> tuple[str, str]:
    """What a place names, and its filters with the bar in front."""
    match = _HEAD.fullmatch(inside.strip())
    return (match[1].strip(), (match[2] or "").rstrip(_TRIM)) if match is not None else ("", "")


def _plain(name: str) -> str:
    """A name without signs and without regard to case: `Short-Description` is `short_description`."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _inside(value: Json, steps: Sequence[str]) -> Json | _Absent:
    """What lies at the end of a path; a name may have dots in it."""
    if not steps:
        return value
    if isinstance(value, list):
        index = int(steps[0]) if steps[0].isascii() and steps[0].isdigit() and len(steps[0]) < MAX_STEPS else -1
        return _inside(value[index], steps[1:]) if 0 <= index < len(value) else _ABSENT
    if isinstance(value, dict):
        for length in range(1, len(steps) + 1):
            name = ".".join(steps[:length])
            if name in value and not isinstance(found := _inside(value[name], steps[length:]), _Absent):
                return found
    return _ABSENT


@dataclass(frozen=True)
class _Arguments:
    """The arguments of a call, as places name them."""

    values: JsonObject

    @cached_property
    def _by_plain_name(self) -> JsonObject:
        return {_plain(name): value for name, value in reversed(self.values.items())}

    def at(self, steps: Sequence[str]) -> Json | _Absent:
        """What a path leads to, by an argument's own name, another spelling of it, or with its body in front."""
        if not steps:
            return _ABSENT
        tries: list[tuple[Json, Sequence[str]]] = [(self.values, steps)]
        if _OTHER_SPELLING.fullmatch(steps[0]):
            tries.append((self._by_plain_name, (_plain(steps[0]), *steps[1:])))
        tries.append((self.values.get(_BODY), steps))
        if len(steps) > 1:
            tries.append((self.values, steps[1:]))
        found = (_inside(value, path) for value, path in tries)
        return next((one for one in found if not isinstance(one, _Absent)), _ABSENT)


def _as_text(value: object) -> object:
    """What is printed of a value: objects and lists as JSON, not as Python writes them."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else value


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


@dataclass(slots=True)
class _Filling:
    """One template on its way to a text."""

    function: str
    arguments: _Arguments
    parameters: Collection[str]
    sentence: str
    has_tags: bool
    """True where a bare name may be a variable of the template's own."""
    variables: JsonObject = field(default_factory=dict[str, Json])
    """What was looked up for Liquid, by names of ours."""
    wants_sentence: bool = False
    room: int = MAX_TEXT
    """Characters that may still be filled in where no Liquid is involved."""

    def generated(self, _: object, *_more: object) -> str:
        """The filter `model_generated`."""
        self.wants_sentence = True
        return self.sentence

    def _found(self, path: str, *, may_be_bare: bool = True) -> Json | _Absent:
        steps = _steps(path)
        if steps == _FUNCTION_NAME:
            return self.function
        if steps == (GENERATED,):
            return self.generated(None)
        if steps[:2] == _PREFIX:
            return self.arguments.at(steps[2:]) if len(steps) > len(_PREFIX) else self.arguments.values
        return self.arguments.at(steps) if may_be_bare else _ABSENT

    def _in_single_braces(self, path: str) -> Json | _Absent:
        """What `{path}` means; nothing where the braces stand for themselves."""
        found, steps = self._found(path), _steps(path)
        is_meant = steps[:2] == _PREFIX or steps[:1] in [(name,) for name in self.parameters]
        return None if isinstance(found, _Absent) and is_meant else found

    def _variable(self, value: Json | _Absent, filters: str = "") -> str:
        name = f"_said_{len(self.variables)}"
        self.variables[name] = None if isinstance(value, _Absent) else value
        return f"{{{{ {name} {filters} | as_text }}}}"

    def as_liquid(self, place: re.Match[str]) -> str:
        """The place as Liquid reads it."""
        if (path := place["dollar"]) is not None:
            return self._variable(self._found(path))
        if (path := place["single"]) is not None:
            found = self._in_single_braces(path)
            return place[0] if isinstance(found, _Absent) else self._variable(found)
        inside = place["triple"] if place["triple"] is not None else place["double"]
        return place[0] if inside is None else self._output(inside)

    def _output(self, inside: str) -> str:
        if _SECTION.match(inside) or not inside.strip(_TRIM):
            return ""
        head, filters = _parts(inside)
        found = self._found(head, may_be_bare=not self.has_tags)
        is_liquid = all(map(_LIQUID_NAME.fullmatch, _steps(head)))
        if isinstance(found, _Absent) and is_liquid:
            return f"{{{{ {inside.strip(_TRIM)} | as_text }}}}"
        return self._variable(found, filters)

    def as_text(self, place: re.Match[str]) -> str:
        """What stands in the place of a template that is not Liquid."""
        if (path := place["single"]) is not None:
            found = self._in_single_braces(path)
            return place[0] if isinstance(found, _Absent) else self._filled(found)
        inside = next((part for part in place.group("triple", "double", "dollar") if part is not None), None)
        if inside is None:
            return ""
        head, filters = _parts(inside)
        return self._filled(self.generated(None) if GENERATED in filters else self._found(head))

    def _filled(self, found: Json | _Absent) -> str:
        text = "" if isinstance(found, _Absent) or self.room <= 0 else _text(found)
        self.room -= len(text)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a template came to."""

    text: str
    wants_sentence: bool = False
    """True where the model's sentence belongs in it."""


def worded(
    template: str, function: str, arguments: JsonObject, parameters: Collection[str] = (), sentence: str = ""
) -> Wording:
    """A title or a body for one call; what is missing is empty.

    `parameters` are the names that the function knows, `sentence` is what the model wrote, once it has.
    """
    if "{" not in template:
        return Wording(text=cut(template))
    from runtimes.liquid import TemplateError, render

    template = template[:MAX_TEMPLATE]
    filling = _Filling(function, _Arguments(arguments), parameters, sentence, has_tags="{%" in template)
    liquid = template if _RAW.search(template) else _PLACE.sub(filling.as_liquid, template)
    said: JsonObject = {"name": function, "parameters": arguments}
    variables: JsonObject = {**arguments, "function": said, **filling.variables}
    try:
        text = render(liquid, variables, filters={GENERATED: filling.generated, "as_text": _as_text})
    except TemplateError:
        text = _PLACE.sub(filling.as_text, template)
    return Wording(text=cut(text), wants_sentence=filling.wants_sentence)
