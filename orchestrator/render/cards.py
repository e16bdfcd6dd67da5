"""Adaptive Cards as lines of plain text.

What a terminal cannot show is named rather than left out. A card of which only the data is known (its template is a
URL, spec 13.2.2.1) is shown as that data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from orchestrator.content import Card
from orchestrator.render.sanitize import clean, clean_line
from runtimes.values import Json, JsonObject

MAX_CARD_DEPTH = 12
"""How deep elements may nest; deeper ones are replaced by a note."""
MAX_CARD_LINES = 120
"""How many lines of a card are shown."""
MAX_CARD_LINE = 400
"""Characters of one line."""

_INDENT = "  "
_SHORT = 32
"""Columns of one line each, up to this many characters, are put side by side."""

_Lines = list[str]
_Renderer = Callable[[JsonObject, int], _Lines]


def _text(value: Json) -> str:
    if isinstance(value, str):
        return clean_line(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _paragraph(value: Json) -> _Lines:
    if not isinstance(value, str):
        return [_text(value)] if value is not None else []
    return [line for raw in clean(value).splitlines() if (line := raw.strip())]


def _objects(value: Json) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _web_url(value: Json) -> str:
    """The URL, where it is one that a person may follow."""
    url = _text(value)
    return url if url.casefold().startswith(("https://", "http://")) and " " not in url else ""


def _text_block(element: JsonObject, depth: int) -> _Lines:
    del depth
    return _paragraph(element.get("text"))


def _rich_text(element: JsonObject, depth: int) -> _Lines:
    del depth
    inlines = element.get("inlines")
    runs = inlines if isinstance(inlines, list) else []
    texts = [run.get("text") if isinstance(run, dict) else run for run in runs]
    return _paragraph("".join(text for text in texts if isinstance(text, str)))


def _facts(element: JsonObject, depth: int) -> _Lines:
    del depth
    pairs = [
        (_text(fact.get("title")).rstrip(":"), _text(fact.get("value"))) for fact in _objects(element.get("facts"))
    ]
    return [f"{title}: {value}" for title, value in pairs if title or value]


def _image(element: JsonObject, depth: int) -> _Lines:
    del depth
    return [f"[image: {_text(element.get('altText')) or 'no description'}]"]


def _images(element: JsonObject, depth: int) -> _Lines:
    return [line for image in _objects(element.get("images")) for line in _image(image, depth)]


def _container(element: JsonObject, depth: int) -> _Lines:
    return _elements(element.get("items"), depth)


def _beside(columns: Iterable[_Lines]) -> _Lines:
    filled = [column for column in columns if column]
    if len(filled) > 1 and all(len(column) == 1 and len(column[0]) <= _SHORT for column in filled):
        return [" | ".join(column[0] for column in filled)]
    return [line for column in filled for line in column]


def _columns(element: JsonObject, depth: int) -> _Lines:
    return _beside(_container(column, depth) for column in _objects(element.get("columns")))


def _table(element: JsonObject, depth: int) -> _Lines:
    rows = _objects(element.get("rows"))
    return [line for row in rows for line in _beside(_container(cell, depth) for cell in _objects(row.get("cells")))]


def _action_set(element: JsonObject, depth: int) -> _Lines:
    del depth
    return _actions(element.get("actions"))


def _input(element: JsonObject) -> _Lines:
    kind = _text(element.get("type")).removeprefix("Input.")
    label = _text(element.get("label")) or _text(element.get("title")) or _text(element.get("placeholder"))
    return [f"[{kind} field: {label or _text(element.get('id'))}; not available in a terminal]"]


_RENDERERS: dict[str, _Renderer] = {
    "TextBlock": _text_block,
    "RichTextBlock": _rich_text,
    "FactSet": _facts,
    "Image": _image,
    "ImageSet": _images,
    "Container": _container,
    "ColumnSet": _columns,
    "Column": _container,
    "Table": _table,
    "ActionSet": _action_set,
}


def _unknown(element: JsonObject, depth: int) -> _Lines:
    name = _text(element.get("type"))
    if name.startswith("Input."):
        return _input(element)
    fallback = element.get("fallback")
    if isinstance(fallback, dict):
        return _element(fallback, depth + 1)
    return [] if fallback == "drop" else [f"[{name or 'element without a type'}: not shown in a terminal]"]


def _element(element: JsonObject, depth: int) -> _Lines:
    if depth > MAX_CARD_DEPTH:
        return ["[more, nested too deep to show]"]
    if element.get("isVisible") is False:
        return []
    kind = element.get("type")
    render = _RENDERERS.get(kind, _unknown) if isinstance(kind, str) else _unknown
    return render(element, depth)


def _elements(value: Json, depth: int) -> _Lines:
    return [line for element in _objects(value) for line in _element(element, depth + 1)]


def _action(action: JsonObject) -> _Lines:
    title = _text(action.get("title")) or "open"
    if action.get("type") != "Action.OpenUrl":
        return [f"[{title}: not available in a terminal]"]
    url = _web_url(action.get("url"))
    return [f"-> {title}: {url}"] if url else [f"[{title}: its address is not a web address]"]


def _actions(value: Json) -> _Lines:
    return [line for action in _objects(value) for line in _action(action)]


def _data(value: Json, depth: int = 0) -> _Lines:
    """Any JSON as `key: value` lines, what is inside indented."""
    if depth > MAX_CARD_DEPTH:
        return ["…"]
    if isinstance(value, dict):
        return [line for key, member in value.items() for line in _member(clean_line(key), member, depth)]
    if isinstance(value, list):
        return [line for item in value for line in _member("-", item, depth)]
    return _paragraph(value)


def _member(name: str, value: Json, depth: int) -> _Lines:
    label = name if name == "-" else f"{name}:"
    lines = _data(value, depth + 1)
    if isinstance(value, dict | list):
        return [label, *(_INDENT + line for line in lines)] if lines else []
    return [f"{label} {' '.join(lines)}".rstrip()]


def _lines(card: Card) -> _Lines:
    if card.template is not None:
        name = clean_line(urlsplit(card.template).path.rpartition("/")[2]).removesuffix(".json")
        return [f"card {name}" if name else "card", *_data(card.body)]
    lines = [*_elements(card.body.get("body"), 0), *_actions(card.body.get("actions"))]
    return lines or _paragraph(card.body.get("fallbackText")) or ["[empty card]"]


def card_lines(card: Card) -> tuple[str, ...]:
    """The card as lines, each clean and bounded."""
    lines = [line if len(line) <= MAX_CARD_LINE else line[: MAX_CARD_LINE - 1] + "…" for line in _lines(card)]
    if len(lines) > MAX_CARD_LINES:
        return (*lines[: MAX_CARD_LINES - 1], f"… and {len(lines) - MAX_CARD_LINES + 1} more lines")
    return tuple(lines)
