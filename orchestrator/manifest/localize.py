"""Localization keys, `[[key]]`, and the texts that stand for them in each language (spec 3.4). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from orchestrator.errors import UsageError
from orchestrator.manifest.known import MAX_STRING
from orchestrator.manifest.members import KINDS, Found, objects_of
from runtimes.values import Json, JsonObject

MAX_LANGUAGES = 100
"""How many languages are read; those beyond are left out."""

MAX_KEYS = 5000
"""How many keys one language may have; those beyond are left out."""

MAX_KEY = 128
"""Characters of a key; a longer one has no text."""

MAX_TEXT = MAX_STRING
"""Characters of one text; those beyond are left out (spec 3.2)."""

MAX_TAG = 35
"""Characters of a language tag."""

MAX_LOCALIZED = 1024 * 1024
"""Characters that all keys of one document may become; those beyond are shown as keys without a text are."""

LOCALIZABLE = frozenset(
    {
        "Manifest.name_for_human",
        "Manifest.description_for_model",
        "Manifest.description_for_human",
        "Manifest.logo_url",
        "Manifest.legal_info_url",
        "Manifest.privacy_policy_url",
        "Confirmation.title",
        "Confirmation.body",
        "ConversationStarter.title",
        "ConversationStarter.text",
    }
)
"""The members that the documents call localizable; no other is touched."""

_KINDS = frozenset(
    {"Manifest", "Function", "FunctionCapabilities", "Confirmation", "PluginCapabilities", "ConversationStarter"}
)
"""The kinds of objects that have one of them, and those on the way there."""

_NAME = rf"[A-Za-z_][A-Za-z0-9_]{{0,{MAX_KEY - 1}}}"
_KEY = re.compile(rf"(?P<bare>{_NAME})|\[\[(?P<bracketed>{_NAME})\]\]")
_USE = re.compile(rf"\[\[({_NAME})\]\]")
_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


def key_of(written: str) -> str | None:
    """The key that a language file means, which may write it bare or in brackets; None for what is no key."""
    match = _KEY.fullmatch(written)
    return None if match is None else match["bare"] or match["bracketed"]


def keys_in(text: str) -> tuple[str, ...]:
    """The keys that a string uses, each once."""
    return tuple(dict.fromkeys(_USE.findall(text))) if "[[" in text else ()


def tag_of(written: str) -> str | None:
    """The language tag, with hyphens, as `fr_CA` may be written; None for what is no tag."""
    tag = written.replace("_", "-")
    return tag if len(tag) <= MAX_TAG and _TAG.fullmatch(tag) else None


def checked_locale(locale: str | None) -> str | None:
    """The tag of the language that somebody asked for. Raises: `UsageError` when it is no tag."""
    if locale is None:
        return None
    tag = tag_of(locale)
    if tag is None:
        raise UsageError(f"{locale[:MAX_TAG]!r} is no language tag; write one such as 'fr' or 'fr-CA'")
    return tag


def _ranges(locale: str) -> list[str]:
    """`fr-CA` and `fr`, for comparison."""
    parts = locale.replace("_", "-").casefold().split("-")
    return ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """The texts that a document has for its keys."""

    default: str
    """The tag of the language that is shown when nobody asks for one, or when the asked one has no text."""
    tables: Mapping[str, Mapping[str, str]] = field(repr=False)
    """For each tag, the texts of its keys; keys have no brackets."""

    def chain(self, locale: str | None) -> tuple[str, ...]:
        """The tags whose tables are looked into for a locale, best first: `fr-CA`, `fr`, the default.

        Where there is no table `fr`, another region's French comes in its place. Case does not matter.
        """
        known = {tag.replace("_", "-").casefold(): tag for tag in self.tables}
        ranges = _ranges(locale) if locale is not None else []
        wanted = [folded for folded in ranges if folded in known]
        if ranges and ranges[-1] not in known:
            regions = (folded for folded in known if folded.startswith(f"{ranges[-1]}-") and folded not in wanted)
            wanted += [next(regions, "")]
        wanted += _ranges(self.default)[:1]
        return tuple(known[folded] for folded in dict.fromkeys(wanted) if folded in known)

    def text(self, key: str, chain: Iterable[str]) -> str | None:
        """The first text of the key along a chain."""
        return next((self.tables[tag][key] for tag in chain if key in self.tables[tag]), None)


def languages_from(given: Languages | Mapping[str, Mapping[str, str]] | None) -> Languages | None:
    """What a caller gives as languages: tables by tag, of which the first is the default.

    Raises: `UsageError` for a tag or a key that is none, and for too many of them.
    """
    if given is None or isinstance(given, Languages):
        return given
    if len(given) > MAX_LANGUAGES:
        raise UsageError(f"there are {len(given)} languages; at most {MAX_LANGUAGES} are read")
    for tag, table in given.items():
        checked_locale(tag)
        for written in table:
            if key_of(written) is None:
                raise UsageError(f"{written[:MAX_KEY]!r} is no localization key; write letters, digits and underscores")
    tables = {tag: {key_of(key) or key: text[:MAX_TEXT] for key, text in table.items()} for tag, table in given.items()}
    return Languages(default=next(iter(tables)), tables=tables) if tables else None


def legacy_languages(document: JsonObject) -> Languages | None:
    """Those of `capabilities.localization`, as versions up to 2.1 have it; None where it has no language.

    The first is the default. What is not of its form is left out.
    """
    capabilities = document.get("capabilities")
    written = capabilities.get("localization") if isinstance(capabilities, dict) else None
    tables: dict[str, Mapping[str, str]] = {}
    for tag, table in list(written.items())[:MAX_LANGUAGES] if isinstance(written, dict) else ():
        if tag_of(tag) and isinstance(table, dict):
            tables[tag] = dict(_legacy_texts(table))
    return Languages(default=next(iter(tables)), tables=tables) if tables else None


def _legacy_texts(table: JsonObject) -> Iterator[tuple[str, str]]:
    for written, value in list(table.items())[:MAX_KEYS]:
        message = value.get("message") if isinstance(value, dict) else value
        key = key_of(written)
        if key is not None and isinstance(message, str):
            yield key, message[:MAX_TEXT]


class Phrases:
    """The texts of one locale; a key that has none is shown as its own name."""

    def __init__(self, languages: Languages | None, locale: str | None) -> None:
        self._languages = languages
        self._chain = languages.chain(locale) if languages is not None else ()
        self._left = MAX_LOCALIZED

    def fill(self, text: str) -> str:
        """The text with its keys replaced; what they become is taken as it stands."""
        return _USE.sub(self._value, text) if "[[" in text else text

    def _value(self, match: re.Match[str]) -> str:
        key = match[1]
        text = self._languages.text(key, self._chain) if self._languages is not None else None
        if text is None or len(text) > self._left:
            return key
        self._left -= len(text)
        return text


def localizable_strings(document: JsonObject) -> Iterator[tuple[Found, str, str]]:
    """Every string of a localizable member: the object it is in, the member's name, the string."""
    for found in objects_of(document, within=_KINDS):
        for name, value in found.members.items():
            member = KINDS[found.kind].get(name)
            if isinstance(value, str) and member is not None and f"{found.kind}.{member.name}" in LOCALIZABLE:
                yield found, name, value


def uses_keys(document: JsonObject) -> bool:
    """True for a document that has a key where keys are read."""
    return any(keys_in(text) for _, _, text in localizable_strings(document))


def localized(document: JsonObject, languages: Languages | None, locale: str | None) -> JsonObject:
    """The document in the language of a locale; the same object where it uses no keys."""
    if not uses_keys(document):
        return document
    phrases, spoken = Phrases(languages, locale), deepcopy(document)
    for found, name, text in list(localizable_strings(spoken)):
        filled: Json = phrases.fill(text)
        found.members[name] = filled
    return spoken
