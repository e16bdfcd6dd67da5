"""The rules for localization keys: each has a text, in every language, and stands where keys are read. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import MAX_NAMES_LISTED, Problem
from orchestrator.manifest.guesses import guess
from orchestrator.manifest.localize import Languages, keys_in, localizable_strings
from orchestrator.manifest.member_rules import EXTENSION
from orchestrator.manifest.problems import problem, quoted
from orchestrator.manifest.unresolved import strings_in
from runtimes.positions import pointer_to
from runtimes.values import JsonObject

_LOCALIZATION = pointer_to("capabilities", "localization") + "/"


def _is_ours(pointer: str) -> bool:
    """False for texts of languages, and for what the specification leaves to others (spec 3.5)."""
    return not pointer.startswith(_LOCALIZATION) and f"/{EXTENSION}" not in pointer


def misplaced_keys(document: JsonObject) -> Iterator[Problem]:
    """Keys in members that are not localizable: they are left as they stand."""
    marked = list(strings_in(document, mark="[["))
    if not marked:
        return
    read = {found.pointer + pointer_to(name) for found, name, text in localizable_strings(document) if "[[" in text}
    for pointer, text in marked:
        keys = keys_in(text)
        if keys and pointer not in read and _is_ours(pointer):
            message = f"{quoted(f'[[{keys[0]}]]')} is left as it stands: this member is not localized"
            yield problem("misplaced-key", pointer, message, hint="write the text itself")


def _listed(tags: list[str]) -> str:
    return ", ".join(tags[:MAX_NAMES_LISTED]) + (", …" if len(tags) > MAX_NAMES_LISTED else "")


def _own_chain(languages: Languages, tag: str) -> tuple[str, ...]:
    """Where a language finds texts without falling back to the default one."""
    folded = languages.default.casefold()
    return tuple(found for found in languages.chain(tag) if found == tag or found.casefold() != folded)


def key_problem(key: str, pointer: str, languages: Languages) -> Problem | None:
    """What is wrong with a key that the string at the pointer uses."""
    having = [tag for tag, table in languages.tables.items() if key in table]
    if not having:
        known = list(dict.fromkeys(name for table in languages.tables.values() for name in table))
        hint = guess(key, known, "add it to 'localizationKeys' of each language file")
        message = f"the key {quoted(key)} has no text in any language; its name is shown"
        return problem("missing-key", pointer, message, hint=hint)
    without = [tag for tag in languages.tables if languages.text(key, _own_chain(languages, tag)) is None]
    if not without:
        return None
    shown = "that of the default language" if languages.text(key, languages.chain(None)) else "its name"
    message = f"the key {quoted(key)} has no text in {_listed(without)}; {shown} is shown"
    return problem("untranslated-key", pointer, message, hint="add it to the files of these languages")


def string_problems(text: str, pointer: str, languages: Languages | None) -> Iterator[Problem]:
    """What is wrong with the keys of one localizable string."""
    keys = keys_in(text)
    if languages is not None:
        problems = (key_problem(key, pointer, languages) for key in keys)
        yield from (found for found in problems if found is not None)
    elif keys:
        message = f"there is no language to look {quoted(f'[[{keys[0]}]]')} up in; the names of keys are shown"
        hint = "name language files in 'localizationInfo' of the app manifest beside it"
        yield problem("no-languages", pointer, message, hint=hint)


def key_problems(document: JsonObject, languages: Languages | None) -> Iterator[Problem]:
    """What is wrong with the keys of a manifest, at the strings that use them; without languages it is said once."""
    for found, name, text in localizable_strings(document):
        for item in string_problems(text, found.pointer + pointer_to(name), languages):
            yield item
            if languages is None:
                return
