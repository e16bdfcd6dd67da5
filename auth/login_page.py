"""The page that a browser shows at the end of a login, and the header fields that keep it plain. Pure."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape

MAX_TOLD = 600
"""Characters that a page says of what went wrong."""

_STYLE = (
    "body{font:1.05rem/1.5 system-ui,sans-serif;margin:14vh auto 0;max-width:34rem;padding:0 1.5rem;"
    "color:#1b1b1f;background:#fff}"
    "h1{font-size:1.45rem;font-weight:600;margin:0 0 .6rem}"
    "p{margin:0 0 .8rem;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#e4e4e8;background:#17171a}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{style}</style></head>
<body><h1>{title}</h1><p>{text}</p></body>
</html>
"""

HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    (
        "Content-Security-Policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Connection", "close"),
)
"""Of every page: nothing runs on it, nothing is loaded by it, and its address, which has the code, goes nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is said, and with which status."""

    status: int
    title: str
    text: str

    def html(self) -> bytes:
        """The document; nothing that it says is taken for markup."""
        told = self.text if len(self.text) <= MAX_TOLD else f"{self.text[:MAX_TOLD]}…"
        page = _PAGE.format(title=escape(self.title), text=escape(told), style=_STYLE)
        return page.encode(errors="replace")


def _sentence(text: str) -> str:
    is_url = "://" in text.partition(" ")[0]
    return (text if is_url else text[:1].upper() + text[1:]) + ("" if text.endswith((".", "…")) else ".")


NOT_FOUND = Page(status=404, title="There is nothing here", text="This address takes the answer of one login only.")
NOT_ALLOWED = Page(status=405, title="This is not taken", text="A login ends with a plain request of your browser.")
NOT_HTTP = Page(status=400, title="This is not understood", text="A login ends with a plain request of your browser.")
ANOTHER_HOST = Page(status=400, title="This is not taken", text="The request names another host than this one.")
ANOTHER_LOGIN = Page(
    status=400,
    title="This is not the login that is waited for",
    text="The answer belongs to another login, or to none. Go on in the tab that was opened last.",
)
ALREADY = Page(status=200, title="Already done", text="This login was answered before. You can close this tab.")
FAILED = Page(
    status=500,
    title="The login did not work",
    text="Something went wrong on this machine; where you began the login it says what. You can close this tab.",
)


def logged_in(name: str) -> Page:
    """The login has worked."""
    return Page(status=200, title="You are logged in", text=f"The credential {name} is kept. You can close this tab.")


def not_logged_in(reason: str) -> Page:
    """The login has not worked, and why."""
    return Page(status=400, title="The login did not work", text=f"{_sentence(reason)} You can close this tab.")
