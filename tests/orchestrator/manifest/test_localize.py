"""Localization of a document: which strings, which texts, in which order languages are asked."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import UsageError
from orchestrator.manifest.key_rules import key_problems
from orchestrator.manifest.localize import (
    LOCALIZABLE,
    MAX_KEY,
    MAX_LOCALIZED,
    MAX_TEXT,
    Languages,
    Phrases,
    checked_locale,
    key_of,
    keys_in,
    legacy_languages,
    localizable_strings,
    localized,
    tag_of,
)
from orchestrator.manifest.members import KINDS
from runtimes.values import InvalidJson, Json, JsonObject, parse_json

CORPUS = Path(__file__).resolve().parents[3].parent / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real manifests is not beside the checkout")
SHOP = Languages(
    default="en",
    tables={
        "en": {"name": "Shop", "ask": "Buy {{count}}?", "only": "English"},
        "fr": {"name": "Magasin", "ask": "Acheter {{count}} ?"},
        "fr-CA": {"name": "Boutique"},
        "de-DE": {"name": "Laden"},
    },
)
EVERYWHERE: JsonObject = {
    "name_for_human": "[[name]]",
    "namespace": "[[name]]",
    "description_for_model": "The [[name]]",
    "description_for_human": "[[name]] and [[name]]",
    "logo_url": "https://x/[[name]].png",
    "contact_email": "[[name]]",
    "legal_info_url": "[[name]]",
    "privacy_policy_url": "[[name]]",
    "functions": [
        {
            "name": "[[name]]",
            "description": "[[name]]",
            "parameters": {"type": "object", "properties": {"title": {"type": "string", "description": "[[name]]"}}},
            "states": {"reasoning": {"description": "[[name]]", "instructions": ["[[name]]"]}},
            "capabilities": {
                "confirmation": {"type": "AdaptiveCard", "title": "[[name]]", "body": "[[ask]]", "text": "[[name]]"},
                "response_semantics": {"data_path": "$", "static_template": {"title": "[[name]]", "body": "[[name]]"}},
            },
        }
    ],
    "runtimes": [{"type": "OpenApi", "spec": {"url": "[[name]]"}, "title": "[[name]]"}],
    "capabilities": {"conversation_starters": [{"title": "[[name]]", "text": "[[ask]]"}]},
}
words = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="[]"), max_size=8)
keys = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,6}\Z")
templates = st.lists(st.one_of(words, keys.map(lambda key: f"[[{key}]]")), max_size=5).map("".join)
tags = st.sampled_from(["en", "fr", "fr-CA", "FR_ca", "de-AT", "zh-Hant-TW", "x1"])
tables = st.dictionaries(tags.filter(lambda tag: tag != "x1"), st.dictionaries(keys, words, max_size=4), max_size=4)


def document_of(name: str, description: str, other: str, questions: list[tuple[str, str]]) -> JsonObject:
    functions: list[Json] = [
        {"name": "f", "description": other, "capabilities": {"confirmation": {"title": title, "body": body}}}
        for title, body in questions
    ]
    root: JsonObject = {"name_for_human": name, "description_for_model": description, "contact_email": other}
    return {**root, "functions": functions}


documents = st.builds(
    document_of, templates, templates, templates, st.lists(st.tuples(templates, templates), max_size=2)
)


def languages_of(texts: dict[str, dict[str, str]]) -> Languages | None:
    return Languages(default=next(iter(texts)), tables=texts) if texts else None


def test_exactly_the_localizable_members_are_read_in_a_language() -> None:
    """Spec 3.4: those that the documents call localizable, and no other."""
    before = deepcopy(EVERYWHERE)
    spoken = localized(EVERYWHERE, SHOP, "fr")
    assert before == EVERYWHERE
    names = {f"{found.kind}.{name}" for found, name, _ in localizable_strings(EVERYWHERE)}
    assert names == LOCALIZABLE
    left = json.dumps(spoken).count("[[name]]"), json.dumps(spoken).count("[[ask]]")
    assert left == (12, 0)
    assert spoken["description_for_human"] == "Magasin and Magasin"
    assert spoken["logo_url"] == "https://x/Magasin.png"
    assert spoken["contact_email"] == "[[name]]"
    assert spoken["capabilities"] == {"conversation_starters": [{"title": "Magasin", "text": "Acheter {{count}} ?"}]}


def test_the_localizable_members_are_members() -> None:
    assert {f"{kind}.{member.name}" for kind, members in KINDS.items() for member in members.values()} >= LOCALIZABLE


@pytest.mark.parametrize(
    ("locale", "chain"),
    [
        (None, ("en",)),
        ("en", ("en",)),
        ("fr", ("fr", "en")),
        ("fr-CA", ("fr-CA", "fr", "en")),
        ("FR_ca", ("fr-CA", "fr", "en")),
        ("fr-CA-x-old", ("fr-CA", "fr", "en")),
        ("fr-BE", ("fr", "en")),
        ("de", ("de-DE", "en")),
        ("de-AT", ("de-DE", "en")),
        ("fro", ("en",)),
        ("ja", ("en",)),
    ],
)
def test_languages_are_asked_from_the_nearest_to_the_default(locale: str | None, chain: tuple[str, ...]) -> None:
    """Issue 3, point 5: `fr-CA`, `fr`, default."""
    assert SHOP.chain(locale) == chain


def test_a_default_without_a_table_is_no_table() -> None:
    assert Languages(default="en", tables={"fr": {}}).chain("de") == ()


@pytest.mark.parametrize(
    ("locale", "text", "shown"),
    [
        ("fr-CA", "[[name]] [[ask]] [[only]]", "Boutique Acheter {{count}} ? English"),
        (None, "a [[name]]b", "a Shopb"),
        ("fr", "[[gone]]!", "gone!"),
        (
            "fr",
            "[[no key]] [[1]] [[]] [name] [[na-me]] [[ name ]]",
            "[[no key]] [[1]] [[]] [name] [[na-me]] [[ name ]]",
        ),
        ("fr", f"[[{'k' * (MAX_KEY + 1)}]]", f"[[{'k' * (MAX_KEY + 1)}]]"),
        ("fr", "[[[name]]]", "[Magasin]"),
        ("fr", "[[Name]]", "Name"),
    ],
)
def test_a_key_is_shown_as_its_text_or_else_as_its_name(locale: str | None, text: str, shown: str) -> None:
    assert Phrases(SHOP, locale).fill(text) == shown


def test_what_a_text_holds_is_no_key() -> None:
    languages = Languages(default="en", tables={"en": {"a": "[[b]]", "b": "B"}})
    assert Phrases(languages, None).fill("[[a]]") == "[[b]]"


def test_keys_do_not_become_more_text_than_a_limit() -> None:
    languages = Languages(default="en", tables={"en": {"a": "x" * MAX_TEXT}})
    document: JsonObject = {"name_for_human": "[[a]]" * 1000}
    name = localized(document, languages, None)["name_for_human"]
    assert isinstance(name, str)
    assert name.count("x") == MAX_LOCALIZED // MAX_TEXT * MAX_TEXT
    assert name.endswith("a")


@pytest.mark.parametrize(
    "locale", ["", "f", "fr-", "fr CA", "../fr", "fr-CA.UTF-8", "C!", "a" * 9, "fr" + "-abcdefgh" * 9]
)
def test_a_malformed_tag_is_refused_in_one_line(locale: str) -> None:
    with pytest.raises(UsageError, match="no language tag") as caught:
        checked_locale(locale)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 120


def test_a_tag_may_be_written_with_underscores() -> None:
    assert (checked_locale("fr_CA"), checked_locale(None), tag_of("zh_Hant_TW")) == ("fr-CA", None, "zh-Hant-TW")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("a", "a"),
        ("[[a]]", "a"),
        ("Starter1_Title", "Starter1_Title"),
        ("_", "_"),
        ("1a", None),
        ("[a]", None),
        ("[[a", None),
        ("a b", None),
        ("", None),
        ("a\n", None),
        ("é", None),
    ],
)
def test_keys_are_bare_or_in_brackets(written: str, key: str | None) -> None:
    """Spec 3.4."""
    assert key_of(written) == key


@pytest.mark.parametrize(
    ("localization", "tables"),
    [
        ({}, None),
        (None, None),
        ([], None),
        ({"not a tag": {"a": {"message": "A"}}}, None),
        ({"fr": {"a": {"message": "A", "description": "B"}, "b": {}, "c-d": {"message": "C"}}}, {"fr": {"a": "A"}}),
        ({"fr": {"a": "A", "b": 5}, "de": []}, {"fr": {"a": "A"}}),
    ],
)
def test_the_localization_of_older_manifests_is_read(localization: Json, tables: dict[str, dict[str, str]]) -> None:
    languages = legacy_languages({"name_for_human": "M", "capabilities": {"localization": localization}})
    assert (languages.tables if languages else None) == tables


def test_a_region_that_has_its_language_lacks_nothing() -> None:
    """`fr-CA` finds the text in `fr`; `de-DE` falls back to the default, which is said."""
    document: JsonObject = {"name_for_human": "[[ask]]", "description_for_human": "[[only]]"}
    shown = "that of the default language is shown"
    assert [(found.pointer, found.message) for found in key_problems(document, SHOP)] == [
        ("/name_for_human", f"the key 'ask' has no text in de-DE; {shown}"),
        ("/description_for_human", f"the key 'only' has no text in fr, fr-CA, de-DE; {shown}"),
    ]


def test_a_key_that_the_default_lacks_is_named_with_what_is_shown() -> None:
    languages = Languages(default="en", tables={"en": {}, "fr": {"name": "Magasin"}, "de": {}})
    (found,) = key_problems({"name_for_human": "[[name]]"}, languages)
    assert (found.code, found.message) == (
        "untranslated-key",
        "the key 'name' has no text in en, de; its name is shown",
    )


@given(document=documents, texts=tables, locale=st.none() | tags)
def test_localizing_twice_is_localizing_once(
    document: JsonObject, texts: dict[str, dict[str, str]], locale: str
) -> None:
    once = localized(document, languages_of(texts), locale)
    assert localized(once, languages_of(texts), locale) == once
    assert not any(keys_in(text) for _, _, text in localizable_strings(once))


@given(document=documents, texts=tables, locale=st.none() | tags)
def test_a_document_without_keys_is_left_as_it_is(
    document: JsonObject, texts: dict[str, dict[str, str]], locale: str | None
) -> None:
    plain = localized(document, None, None)
    assert localized(plain, languages_of(texts), locale) is plain
    assert list(key_problems(plain, languages_of(texts))) == []


@given(texts=tables.filter(bool), locale=tags, key=keys)
def test_a_key_is_the_first_text_along_its_chain(texts: dict[str, dict[str, str]], locale: str, key: str) -> None:
    languages = Languages(default=next(iter(texts)), tables=texts)
    chain = languages.chain(locale)
    shown = Phrases(languages, locale).fill(f"[[{key}]]")
    assert shown == next((texts[tag][key] for tag in chain if key in texts[tag]), key)
    folded = [tag.replace("_", "-").casefold() for tag in chain]
    assert languages.default.replace("_", "-").casefold() in folded
    assert len(set(folded)) == len(folded) <= len(texts)


@given(st.text(max_size=60))
def test_any_text_is_localized_without_an_exception(text: str) -> None:
    Phrases(SHOP, "fr").fill(text)
    key_of(text)
    assert (tag := tag_of(text)) is None or checked_locale(tag) == tag


@needs_corpus
def test_no_manifest_of_the_corpus_uses_keys() -> None:
    """So that none of them changes, or reads a language file."""
    for path in CORPUS.rglob("*plugin*.json"):
        try:
            document = parse_json(path.read_text(encoding="utf-8-sig"))
        except InvalidJson:
            continue
        if isinstance(document, dict):
            assert localized(document, SHOP, "fr") is document
