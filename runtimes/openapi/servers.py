"""The server an operation is called on."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from runtimes.network import ContactRefused, origin_of
from runtimes.openapi.document import Description, Entry, OperationUnusable, list_at, object_at, text_at
from runtimes.placeholders import unresolved_placeholder
from runtimes.values import JsonObject

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def _declared(description: Description, entry: Entry) -> JsonObject:
    for level in (entry.operation, entry.path_item, description.root):
        if servers := list_at(level, "servers"):
            return description.follow(servers[0])
    return {"url": "/"}


def _filled(server: JsonObject) -> str:
    variables = object_at(server, "variables")

    def default(match: re.Match[str]) -> str:
        variable = object_at(variables, match[1])
        if not isinstance(variable.get("default"), str):
            raise OperationUnusable(f"the server variable {match[1][:60]!r} has no default")
        return text_at(variable, "default")

    return _VARIABLE.sub(default, text_at(server, "url"))


def server_url(description: Description, entry: Entry, manifest_location: str) -> str:
    """The URL of the first server of the operation, its path or the document, without a slash at the end.

    Variables take their defaults; a relative URL starts at the description, else at the manifest.
    Raises: `OperationUnusable`.
    """
    server = _declared(description, entry)
    if placeholder := unresolved_placeholder(text_at(server, "url")):
        raise OperationUnusable(f"the server URL has the unresolved placeholder {placeholder[:80]}")
    url = _filled(server)
    try:
        if not urlsplit(url).scheme:
            url = _absolute(url, description, manifest_location)
        origin_of(url)
        parts = urlsplit(url)
    except ContactRefused as refusal:
        raise OperationUnusable(f"its server URL cannot be used: {refusal}") from None
    except ValueError:
        raise OperationUnusable(f"its server URL {url[:120]!r} is no URL") from None
    if parts.query or parts.fragment:
        raise OperationUnusable("its server URL has a query or a fragment")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _absolute(url: str, description: Description, manifest_location: str) -> str:
    for base in (description.location, manifest_location):
        if base[:8].lower().startswith(("http://", "https://")):
            return urljoin(base, url)
    raise OperationUnusable(f"its server URL {url[:120]!r} is relative, and the description comes from no URL")
