"""Environment placeholders, `${{NAME}}` and `${{NAME:default}}`, as packages carry them in their documents. Pure.

They are filled in values that are parsed already, before any other language looks at the text: what a variable holds
cannot change the shape of a document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtimes.values import Json

MAX_VARIABLE = 8192
"""Characters of a variable's value; a longer one is not filled in."""

MAX_FILLED = 1024 * 1024
"""Characters that all placeholders of one document may become; those beyond are left as they stand."""

_PLACEHOLDER = re.compile(r"\$\{\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}\}")
_NAME = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?::(.*))?", re.DOTALL)
_SECRET_NAME = re.compile(
    r"SECRET|PASSW|PASSPHRASE|CREDENTIAL|COOKIE|PRIVATE|CONNECTION_?STRING|TOKEN(?!S)"
    r"|(?:^|_)(?:PWD|PAT|DSN|(?:API|ACCESS|ACCOUNT|SIGNING|ENCRYPTION)?_?KEYS?)$",
    re.IGNORECASE,
)
_USER_IN_URL = re.compile(r"://[^/?#\s]*@")


def is_secret(name: str, value: str) -> bool:
    """True for a variable that looks like a credential, by its name or as a URL with a user in it."""
    return bool(_SECRET_NAME.search(name) or _USER_IN_URL.search(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where the values of placeholders come from."""

    given: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Values that somebody chose for these documents: they fill every document, and win."""
    ambient: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The variables of the process: they fill local files only, and never where they look like a secret."""

    def of(self, location: str) -> Mapping[str, str]:
        """The values for the document that lies at a path or an http(s) URL."""
        if location[:8].lower().startswith(("http://", "https://")) or not self.ambient:
            return self.given
        return {name: value for name, value in self.ambient.items() if not is_secret(name, value)} | dict(self.given)


class _Filler:
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._left = MAX_FILLED

    def text(self, text: str) -> str:
        return _PLACEHOLDER.sub(self._value, text) if "${{" in text else text

    def _value(self, match: re.Match[str]) -> str:
        parts = _NAME.fullmatch(match[1])
        if parts is None:
            return match[0]
        value: str | None = self._values.get(parts[1], parts[2])
        if value is None or len(value) > min(MAX_VARIABLE, self._left) or not value.isprintable():
            return match[0]
        self._left -= len(value)
        return value

    def value(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value


def filled(value: Json, values: Mapping[str, str]) -> Json:
    """The document with its placeholders filled, in members' names too; those without a value are left."""
    return _Filler(values).value(value)


def unresolved_placeholder(text: str) -> str | None:
    """The first `${{NAME}}` that is left in a text."""
    found = _PLACEHOLDER.search(text) if "${{" in text else None
    return found[0] if found else None
