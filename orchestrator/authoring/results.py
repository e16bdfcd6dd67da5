"""Where the results of an answer lie, and which of their properties are a title, an address, a picture (spec 9.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.authoring.shape import Shape, read_shape, response_schema
from runtimes.openapi.document import Description, Entry
from runtimes.values import Json, JsonObject

RESULTS = ("results", "items", "data", "value", "records", "entries")
"""Where answers keep their results, the likeliest first."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "title": ("displaytitle", "title", "displayname", "name", "subject", "headline", "label", "caption"),
    "subtitle": ("displaysubtitle", "subtitle", "summary", "snippet", "description", "abstract", "status"),
    "url": ("displayurl", "weburl", "htmlurl", "url", "permalink", "link", "href", "uri"),
    "thumbnail_url": ("thumbnailurl", "thumbnail", "imageurl", "image", "pictureurl", "photourl", "photo", "iconurl"),
}
"""How properties are called that a citation takes, the likeliest first; without case and punctuation."""

SCALARS = frozenset({"string", "integer", "number", "boolean"})

_TITLE_ENDINGS = ("title", "name")
_TEXTS = frozenset({"string", ""})
_TITLES = _TEXTS | {"integer", "number"}
_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNQUOTABLE = re.compile(r"['\\\x00-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Where the results of an answer lie, and what each is like."""

    path: str
    """A JSONPath query."""
    is_list: bool
    properties: Mapping[str, Shape]
    required: frozenset[str]
    roles: Mapping[str, str]
    """The property that is the title, the subtitle, the url or the thumbnail_url, where there is one."""


def is_plain(name: str) -> bool:
    """True for a name that needs no quotes in a query or an expression."""
    return _MEMBER.fullmatch(name) is not None


def query_to(name: str) -> str:
    """A JSONPath query for one member; empty for a name that is better not quoted."""
    if is_plain(name):
        return f"$.{name}"
    return "" if _UNQUOTABLE.search(name) else f"$['{name}']"


def _roles(properties: Mapping[str, Shape]) -> Mapping[str, str]:
    plain = {_NOT_PLAIN.sub("", name.casefold()): name for name in properties if query_to(name)}
    roles: dict[str, str] = {}
    for role, aliases in ALIASES.items():
        kinds = _TITLES if role == "title" else _TEXTS
        found = next((plain[one] for one in aliases if one in plain and properties[plain[one]].kind in kinds), None)
        if found is not None:
            roles[role] = found
    if "title" not in roles:
        ending = (name for word, name in plain.items() if word.endswith(_TITLE_ENDINGS))
        if named := next((name for name in ending if properties[name].kind == "string"), None):
            roles["title"] = named
    return roles


def _shapes(description: Description, shape: Shape) -> dict[str, Shape]:
    return {name: read_shape(description, sub) for name, sub in shape.properties.items()}


def _results(description: Description, path: str, shape: Shape, *, is_list: bool) -> Results:
    properties = _shapes(description, shape)
    return Results(path=path, is_list=is_list, properties=properties, required=shape.required, roles=_roles(properties))


def _lists(description: Description, properties: Mapping[str, Shape]) -> dict[str, Shape]:
    """The arrays of objects among some properties, each with the shape of its elements."""
    arrays = {name: shape for name, shape in properties.items() if shape.kind == "array" and query_to(name)}
    elements = {name: read_shape(description, shape.items) for name, shape in arrays.items()}
    return {name: shape for name, shape in elements.items() if shape.properties}


def find_results(description: Description, entry: Entry) -> Results | None:
    """An array, else the array of objects in an object, else the object itself; None where nothing is known.

    An object with a title of its own is a result, whatever list it has, unless the list is called as results are.
    """
    shape = read_shape(description, response_schema(description, entry))
    if shape.kind == "array":
        return _results(description, "$", read_shape(description, shape.items), is_list=True)
    whole = _results(description, "$", shape, is_list=False)
    lists = _lists(description, whole.properties)
    name = next((name for name in RESULTS if name in lists), None)
    if name is None and len(lists) == 1 and "title" not in whole.roles:
        name = next(iter(lists))
    if name is not None:
        return _results(description, query_to(name), lists[name], is_list=True)
    return whole if whole.properties else None


def semantics_of(results: Results) -> JsonObject:
    """The `response_semantics` that follow: `data_path`, and `properties` where there are any."""
    properties: dict[str, Json] = {role: query_to(name) for role, name in results.roles.items()}
    return {"data_path": results.path, "properties": properties} if properties else {"data_path": results.path}
