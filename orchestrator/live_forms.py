"""Forms of questions that a running plugin asks: what may be asked for, and what answers one. Pure.

A form is a JSON Schema object of a stranger's making (the flat ones of MCP's elicitation). Of it only what is known is
kept; one that asks for anything else, or for what looks like a secret, is not put to anybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from orchestrator.response.hidden import clean_line
from orchestrator.tools.arguments import is_finite
from runtimes.json_schema import JsonSchema, is_pattern
from runtimes.values import Json, JsonObject, dump_json, is_json

MAX_FIELDS = 20
"""Members of one form."""

MAX_CHOICES = 100
"""Choices of one member."""

MAX_FORM_CHARS = 32 * 1024
"""Characters of a form as JSON."""

MAX_ANSWER_CHARS = 64 * 1024
"""Characters of what is answered, as JSON."""

MAX_NAME_CHARS = 64
"""Characters of a member's name."""

MAX_LABEL_CHARS = 120
"""Characters of a title, and of a choice."""

MAX_DESCRIPTION_CHARS = 300
"""Characters of a description."""

MAX_PATTERN_CHARS = 200
"""Characters of a pattern that a text is held to."""

MAX_COMPLAINTS = 3
"""How many mistakes of an answer are told at once."""

MAX_COMPLAINT_CHARS = 200
"""Characters of one of them: it quotes what was answered."""

FORMATS = frozenset({"email", "uri", "date", "date-time"})
"""The formats of texts that are checked; others say nothing."""

FieldKind = Literal["text", "integer", "number", "yes_no", "choice", "choices"]
"""What a member holds; `choices` is any number of them."""

_UNSEEN_WORDS = frozenset(
    {
        "apikey", "credential", "credentials", "cvc", "cvv", "cvv2", "jwt", "mnemonic", "otp", "passcode",
        "passphrase", "passwd", "password", "passwords", "pin", "pwd", "secret", "secrets", "senha", "ssn", "token",
        "totp",
    }
)  # fmt: skip
_UNSEEN_PHRASES = (
    "password", "passphrase", "apikey", "accesskey", "privatekey", "secretkey", "clientsecret", "accesstoken",
    "authtoken", "recoverycode", "securitycode", "onetimecode", "verificationcode", "seedphrase", "cardnumber",
    "creditcard", "debitcard", "socialsecurity", "passwort", "kennwort", "geheimzahl", "kreditkarte", "motdepasse",
    "contraseña", "wachtwoord", "lösenord", "hasło", "пароль", "密码", "密碼", "パスワード", "비밀번호",
)  # fmt: skip
"""Parts of names and texts without what stands between their words; a few of other languages."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SIGNS = re.compile(r"[\W_]+")


class UnusableForm(ValueError):
    """A form that is not put to anybody; the message says why, for the plugin and the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One thing that is asked for."""

    name: str
    title: str
    """What the plugin calls it; its name where it calls it nothing."""
    description: str = ""
    kind: FieldKind
    choices: tuple[tuple[str, str], ...] = ()
    """The values that can be chosen, each with its title."""
    is_required: bool = False
    default: Json = None
    """What stands there to begin with; None for nothing."""
    rules: JsonObject = field(default_factory=dict[str, Json])
    """The JSON Schema that its value is held to."""


def _told(value: Json, limit: int) -> str:
    """A text for people, clean and in one line; empty for what is none."""
    return clean_line(value[: limit * 4])[:limit] if isinstance(value, str) else ""


def _plain(text: str) -> str:
    """Without accents."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


_UNSEEN = re.compile("|".join(map(_plain, _UNSEEN_PHRASES)))


def asks_for_secret(text: str) -> bool:
    """True for what is called, or told as, a password, a key, a token or a card's number."""
    text = _plain(text)
    words = [word.casefold() for word in _WORDS.findall(text)]
    return not _UNSEEN_WORDS.isdisjoint(words) or bool(_UNSEEN.search(_SIGNS.sub("", text.casefold())))


def _chosen_from(value: Json, titles: Json, name: str) -> tuple[tuple[str, str], ...]:
    """The choices of an `enum`, or of schemas with a `const` each. Raises: `UnusableForm`."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_CHOICES:
        raise UnusableForm(f"{name!r} has no choices, or more than {MAX_CHOICES}")
    named = titles if isinstance(titles, list) and len(titles) == len(value) else [None] * len(value)
    choices = list[tuple[str, str]]()
    for one, title in zip(value, named, strict=True):
        const, told = (one.get("const"), one.get("title")) if isinstance(one, dict) else (one, title)
        if not isinstance(const, str) or clean_line(const) != const or not 0 < len(const) <= MAX_LABEL_CHARS:
            raise UnusableForm(f"the choices of {name!r} are not short texts")
        choices.append((const, _told(told, MAX_LABEL_CHARS) or const))
    if len({value for value, _ in choices}) < len(choices):
        raise UnusableForm(f"the choices of {name!r} name one twice")
    return tuple(choices)


def _choices(part: JsonObject, name: str) -> tuple[tuple[str, str], ...]:
    """Those of a member, or of the items of one; none where it takes any text."""
    for keyword in ("enum", "oneOf", "anyOf"):
        if keyword in part:
            return _chosen_from(part[keyword], part.get("enumNames"), name)
    return ()


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text_rules(part: JsonObject) -> JsonObject:
    rules: JsonObject = {name: part[name] for name in ("minLength", "maxLength") if _is_count(part.get(name))}
    pattern, format = part.get("pattern"), part.get("format")
    if isinstance(pattern, str) and len(pattern) <= MAX_PATTERN_CHARS and is_pattern(pattern):
        rules["pattern"] = pattern
    if isinstance(format, str) and format in FORMATS:
        rules["format"] = format
    return {"type": "string", **rules}


def _number_rules(part: JsonObject, type: Literal["integer", "number"]) -> JsonObject:
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return {"type": type, **{name: part[name] for name in bounds if _is_number(part.get(name))}}


def _kind(part: JsonObject, name: str) -> tuple[FieldKind, tuple[tuple[str, str], ...], JsonObject]:
    """What a member holds, its choices and its rules. Raises: `UnusableForm`."""
    type = part.get("type", "string" if "enum" in part or "oneOf" in part else None)
    match type:
        case "string":
            if choices := _choices(part, name):
                return "choice", choices, {"type": "string", "enum": [value for value, _ in choices]}
            return "text", (), _text_rules(part)
        case "boolean" if "enum" not in part:
            return "yes_no", (), {"type": "boolean"}
        case "integer" | "number" if "enum" not in part:
            return type, (), _number_rules(part, type)
        case "array":
            items = part.get("items")
            choices = _choices(items, name) if isinstance(items, dict) else ()
            if choices:
                counts = {one: part[one] for one in ("minItems", "maxItems") if _is_count(part.get(one))}
                inner: JsonObject = {"type": "string", "enum": [value for value, _ in choices]}
                return "choices", choices, {"type": "array", "items": inner, "uniqueItems": True, **counts}
        case _:
            pass
    raise UnusableForm(f"{name!r} is neither text, number, yes or no, nor a choice of texts")


def _field(name: str, part: Json, *, is_required: bool) -> FormField:
    """Raises: `UnusableForm`."""
    if not name or len(name) > MAX_NAME_CHARS or clean_line(name) != name:
        raise UnusableForm("the name of a member is empty, too long, or hides something")
    if not isinstance(part, dict):
        raise UnusableForm(f"{name!r} is no schema")
    kind, choices, rules = _kind(part, name)
    title = _told(part.get("title"), MAX_LABEL_CHARS) or name
    description = _told(part.get("description"), MAX_DESCRIPTION_CHARS)
    is_typed = kind in ("text", "integer", "number")
    is_unseen = part.get("format") == "password" or part.get("writeOnly") is True
    if is_typed and (is_unseen or any(map(asks_for_secret, (name, title, description)))):
        raise UnusableForm(f"{name!r} looks like a secret, which a plugin must not ask for")
    default = part.get("default")
    return FormField(
        name=name,
        title=title,
        description=description,
        kind=kind,
        choices=choices,
        is_required=is_required,
        default=default if default is not None and JsonSchema(rules, checks_formats=True).is_valid(default) else None,
        rules=rules,
    )


def read_form(form: JsonObject) -> tuple[FormField, ...]:
    """What a form asks for. Raises: `UnusableForm`."""
    properties, required = form.get("properties", {}), form.get("required", [])
    if form.get("type", "object") != "object" or not isinstance(properties, dict) or not isinstance(required, list):
        raise UnusableForm("it is no JSON Schema of an object")
    if not properties:
        raise UnusableForm("it asks for nothing")
    if len(properties) > MAX_FIELDS:
        raise UnusableForm(f"it asks for more than {MAX_FIELDS} things at once")
    if len(dump_json(form)) > MAX_FORM_CHARS:
        raise UnusableForm(f"it is longer than {MAX_FORM_CHARS} characters")
    return tuple(_field(name, part, is_required=name in required) for name, part in properties.items())


def _member(one: FormField) -> JsonObject:
    told: JsonObject = {"title": one.title}
    if one.description:
        told["description"] = one.description
    if one.default is not None:
        told["default"] = one.default
    if not one.choices:
        return {**one.rules, **told}
    named: list[Json] = [{"const": value, "title": title} for value, title in one.choices]
    if one.kind == "choice":
        return {"type": "string", "oneOf": named, **told}
    return {**one.rules, "items": {"anyOf": named}, **told}


def form_of(fields: Sequence[FormField]) -> JsonObject:
    """The form that asks for just that; `read_form` reads it back."""
    return {
        "type": "object",
        "properties": {one.name: _member(one) for one in fields},
        "required": [one.name for one in fields if one.is_required],
    }


def complaints(one: FormField, value: Json) -> tuple[str, ...]:
    """What is wrong with the value of a member, for the person who gave it; none where it fits."""
    mistakes = islice(JsonSchema(one.rules, checks_formats=True).mistakes(value), MAX_COMPLAINTS)
    return tuple(mistake.message[:MAX_COMPLAINT_CHARS] for mistake in mistakes)


def _wrong(fields: Iterable[FormField], content: JsonObject) -> Iterable[str]:
    known = {one.name: one for one in fields}
    yield from (repr(name) for name, one in known.items() if one.is_required and name not in content)
    for name, value in content.items():
        one = known.get(name)
        if one is None or not JsonSchema(one.rules, checks_formats=True).is_valid(value):
            yield repr(name[:MAX_NAME_CHARS])


def misfit(fields: Sequence[FormField], content: JsonObject) -> str:
    """Why the content answers no such form, without a word of what it holds; empty where it does."""
    if not is_json(content) or not is_finite(content) or len(dump_json(content)) > MAX_ANSWER_CHARS:
        return f"it is no JSON, or longer than {MAX_ANSWER_CHARS} characters"
    wrong = ", ".join(islice(_wrong(fields, content), MAX_COMPLAINTS))
    return f"look at {wrong}" if wrong else ""
