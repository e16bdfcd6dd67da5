"""The language that a card is expanded in: a full tag, since numbers are known by those only. Pure."""

from __future__ import annotations

DEFAULT_LANGUAGE = "en-US"
"""The language of numbers and dates where nobody has chosen one."""

_FULL_TAGS = (
    *("ar-EG", "ca-ES", "cs-CZ", "de-DE", "en-US", "es-ES", "fi-FI", "fr-FR", "hu-HU"),
    *("it-IT", "mk-MK", "nl-NL", "pl-PL", "pt-BR", "ru-RU", "sv-SE", "uk-UA"),
)
_FULL_TAG_OF = {tag[:2]: tag for tag in _FULL_TAGS}
"""For each language that has a way to write numbers, the region where most who write it so live."""


def card_language(locale: str | None) -> str:
    """The tag that the functions of a template are told: `de` as `de-DE`, `fr-ca` as `fr-CA`, others as they are."""
    if not locale:
        return DEFAULT_LANGUAGE
    language, _, region = locale.replace("_", "-").partition("-")
    if not region:
        return _FULL_TAG_OF.get(language.lower(), locale)
    return f"{language.lower()}-{region.upper()}" if len(region) == 2 else locale
