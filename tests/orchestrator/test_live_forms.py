"""Forms of a running plugin's questions: what may be asked for, and what answers it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.live_forms import (
    MAX_CHOICES,
    MAX_FIELDS,
    MAX_LABEL_CHARS,
    MAX_NAME_CHARS,
    UnusableForm,
    asks_for_secret,
    complaints,
    form_of,
    misfit,
    read_form,
)
from orchestrator.response.hidden import clean_line
from runtimes.values import Json, JsonObject, is_json
from tests.orchestrator.any_event import JSON

_NAMES = st.sampled_from(
    ["type", "properties", "required", "items", "enum", "oneOf", "anyOf", "const", "title", "format", "default", "a"]
)
_WORDS = st.sampled_from(
    ["object", "string", "number", "integer", "boolean", "array", "email", "date", "password", "a"]
)
_LEAVES = st.none() | st.booleans() | st.integers(-3, 200) | st.floats(allow_nan=False) | _WORDS | st.text(max_size=5)
SCHEMAS: st.SearchStrategy[Json] = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=12
)

_TITLES = st.text(max_size=6).map(clean_line)
_CHOICES = st.lists(
    st.text(alphabet="abcdé", min_size=1, max_size=4), min_size=1, max_size=4, unique_by=lambda text: text
)
_MEMBERS: st.SearchStrategy[Json] = st.one_of(
    st.fixed_dictionaries({"type": st.just("string"), "title": _TITLES}, optional={"minLength": st.integers(0, 3)}),
    st.fixed_dictionaries({"type": st.sampled_from(["integer", "number"])}, optional={"minimum": st.integers(-5, 5)}),
    st.just({"type": "boolean", "default": True}),
    _CHOICES.map(lambda one: {"type": "string", "enum": [*one]}),
    _CHOICES.map(lambda one: {"type": "string", "oneOf": [{"const": value, "title": value * 2} for value in one]}),
    _CHOICES.map(lambda one: {"type": "array", "items": {"type": "string", "enum": [*one]}, "maxItems": 2}),
    _CHOICES.map(lambda one: {"type": "array", "items": {"anyOf": [{"const": value} for value in one]}}),
)
_PROPERTIES: st.SearchStrategy[JsonObject] = st.dictionaries(
    st.text(alphabet="xyzé_", min_size=1, max_size=6), _MEMBERS, min_size=1, max_size=5
)


def _form(properties: JsonObject) -> st.SearchStrategy[JsonObject]:
    def made(required: list[str]) -> JsonObject:
        return {"type": "object", "properties": properties, "required": [*required]}

    return st.lists(st.sampled_from(sorted(properties)), max_size=2).map(made)


FORMS = _PROPERTIES.flatmap(_form)


@given(st.dictionaries(_NAMES, SCHEMAS, max_size=5) | SCHEMAS.map(lambda one: {"properties": {"a": one}}))
def test_any_schema_is_read_or_refused_with_a_reason(schema: JsonObject) -> None:
    try:
        fields = read_form(schema)
    except UnusableForm as error:
        told = str(error)
        assert told == clean_line(told) != ""
        return
    assert read_form(form_of(fields)) == fields


@given(FORMS)
def test_what_is_kept_of_a_form_asks_for_the_same(form: JsonObject) -> None:
    fields = read_form(form)
    assert [one.name for one in fields] == [*_object(form["properties"])]
    assert read_form(form_of(fields)) == fields
    assert is_json(form_of(fields))


@given(FORMS, st.dictionaries(st.text(alphabet="xyzé_", min_size=1, max_size=6), JSON, max_size=3))
def test_any_answer_fits_or_not(form: JsonObject, content: JsonObject) -> None:
    fields = read_form(form)
    wrong = misfit(fields, content)
    known = {one.name for one in fields}
    if not wrong:
        assert content.keys() <= known
        assert {one.name for one in fields if one.is_required} <= content.keys()


@given(FORMS)
def test_defaults_fit(form: JsonObject) -> None:
    for one in read_form(form):
        assert one.default is None or not complaints(one, one.default)


def _object(value: Json) -> JsonObject:
    assert isinstance(value, dict)
    return value


def member(part: Json, name: str = "it") -> JsonObject:
    return {"type": "object", "properties": {name: part}}


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"type": "array"}, "no JSON Schema of an object"),
        ({"properties": []}, "no JSON Schema of an object"),
        ({"properties": {}, "required": "a"}, "no JSON Schema of an object"),
        ({}, "asks for nothing"),
        ({"properties": {f"m{n}": {"type": "boolean"} for n in range(MAX_FIELDS + 1)}}, f"more than {MAX_FIELDS}"),
        (member({"type": "string", "description": "a" * 40_000}), "longer than"),
        (member({"type": "object", "properties": {}}), "neither text, number"),
        (member({"type": "array", "items": {"type": "string"}}), "neither text, number"),
        (member({"type": "array", "items": {"type": "object"}}), "neither text, number"),
        (member({"type": "null"}), "neither text, number"),
        (member({"type": ["string", "null"]}), "neither text, number"),
        (member({"$ref": "#"}), "neither text, number"),
        (member({"type": "integer", "enum": [1, 2]}), "neither text, number"),
        (member({"type": "boolean", "enum": [True]}), "neither text, number"),
        (member(True), "is no schema"),
        (member({"type": "string", "enum": []}), "no choices"),
        (member({"type": "string", "enum": [str(n) for n in range(MAX_CHOICES + 1)]}), f"more than {MAX_CHOICES}"),
        (member({"type": "string", "enum": ["a", 1]}), "not short texts"),
        (member({"type": "string", "enum": ["a\u202eb"]}), "not short texts"),
        (member({"type": "string", "enum": ["a" * (MAX_LABEL_CHARS + 1)]}), "not short texts"),
        (member({"type": "string", "enum": ["a", "a"]}), "name one twice"),
        (member({"type": "string"}, ""), "empty, too long, or hides something"),
        (member({"type": "string"}, "a" * (MAX_NAME_CHARS + 1)), "empty, too long, or hides something"),
        (member({"type": "string"}, "a\x1b[2Jb"), "empty, too long, or hides something"),
        (member({"type": "string", "format": "password"}), "looks like a secret"),
        (member({"type": "string", "writeOnly": True}), "looks like a secret"),
        (member({"type": "string", "title": "Card number"}), "looks like a secret"),
        (member({"type": "string", "description": "Your bank's password"}), "looks like a secret"),
    ],
)
def test_a_form_that_asks_for_more_is_refused(form: JsonObject, reason: str) -> None:
    with pytest.raises(UnusableForm, match=reason):
        read_form(form)


@pytest.mark.parametrize(
    "name",
    [
        "password", "Password", "userPassword", "new_password", "passwd", "pwd", "PIN", "pin_code", "token",
        "access_token", "accessToken", "APIKey", "api_key", "api-key", "apikey", "X-Api-Key", "client_secret", "secret",
        "Credit card", "cardNumber", "card_number", "CVV", "security code", "otp", "one-time code", "ssn",
        "seed phrase", "private key", "Your passphrase", "credentials", "githubToken",
        "Passwort", "Ihr Kennwort", "mot de passe", "Contraseña", "contraseña", "senha", "hasło", "Пароль",
        "パスワード",
    ],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert asks_for_secret(name)
    for kind in ("string", "integer", "number"):
        with pytest.raises(UnusableForm, match="looks like a secret, which a plugin must not ask for"):
            read_form(member({"type": kind}, name))


@pytest.mark.parametrize(
    "name",
    ["name", "issue_key", "max_tokens", "tokens", "boarding_pass", "session", "seed", "shopping", "spin", "opinion",
     "secretary", "author", "card", "number", "code", "email", "pinned", "hotpot", "dessen Haus", "motto", "Straße"],
)  # fmt: skip
def test_other_names_may_be_asked_for(name: str) -> None:
    assert not asks_for_secret(name)


def test_a_choice_about_secrets_is_none() -> None:
    fields = read_form({"properties": {"reset_password": {"type": "boolean"}, "token": {"enum": ["keep", "drop"]}}})
    assert [one.kind for one in fields] == ["yes_no", "choice"]


def test_what_people_read_is_clean_and_short() -> None:
    part: JsonObject = {"type": "string", "title": "\x1b[2JT\n" * 500, "description": "d\u202e" * 500}
    (one,) = read_form(member(part))
    assert one.title.startswith("T T T")
    assert len(one.title) == MAX_LABEL_CHARS
    assert one.description.startswith("d<U+202E>")


@pytest.mark.parametrize(
    ("part", "value", "is_fine"),
    [
        ({"type": "string", "format": "email"}, "ada@example.org", True),
        ({"type": "string", "format": "email"}, "ada", False),
        ({"type": "string", "format": "uri"}, "https://example.org/", True),
        ({"type": "string", "format": "uri"}, "example", False),
        ({"type": "string", "format": "date"}, "2026-02-28", True),
        ({"type": "string", "format": "date"}, "2026-02-30", False),
        ({"type": "string", "format": "date-time"}, "2026-02-28T10:00:00Z", True),
        ({"type": "string", "format": "date-time"}, "now", False),
        ({"type": "string", "format": "hostname"}, "!", True),
        ({"type": "string", "pattern": "^[a-z]+$"}, "A", False),
        ({"type": "string", "pattern": "("}, "A", True),
        ({"type": "string", "pattern": "^(a+)+$"}, "a" * 5000 + "b", False),
        ({"type": "integer", "maximum": 3}, 4, False),
        ({"type": "integer"}, 1.5, False),
        ({"type": "number", "exclusiveMinimum": 0}, 0, False),
        ({"type": "boolean"}, "y", False),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1}, ["a"], True),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1}, [], False),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["a", "a"], False),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, ["c"], False),
    ],
)
def test_values_are_held_to_what_is_asked_for(part: JsonObject, value: Json, is_fine: bool) -> None:
    fields = read_form(member(part))
    assert bool(complaints(fields[0], value)) != is_fine
    assert bool(misfit(fields, {"it": value})) != is_fine


def test_why_an_answer_does_not_fit_says_nothing_of_what_it_holds() -> None:
    fields = read_form({"properties": {"a": {"type": "integer"}}, "required": ["a"]})
    assert misfit(fields, {"a": "hunter2"}) == "look at 'a'"
    assert misfit(fields, {}) == "look at 'a'"
    assert misfit(fields, {"a": 1, "b": "hunter2"}) == "look at 'b'"
