"""Reads parameters back out of a request by their description alone; shares nothing with what writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from runtimes.values import Json, JsonObject, parse_json
from tests.servers.loopback import Request

STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
"""What a parameter has where it states none (OAS 3.0.4, Parameter Object)."""

DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}


def members(value: Json, name: str) -> JsonObject:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def typed(text: str, schema: JsonObject) -> Json:
    """A scalar in its type."""
    if schema.get("type") == "integer":
        return int(text)
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}[text]
    return text


def in_array(items: Sequence[str], schema: JsonObject) -> Json:
    return [typed(item, members(schema, "items")) for item in items]


def in_object(pairs: Sequence[tuple[str, str]], schema: JsonObject) -> Json:
    properties = members(schema, "properties")
    return {name: typed(text, members(properties, name)) for name, text in pairs}


def alternating(items: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(items[::2], items[1::2], strict=True))


def divided(text: str, *, is_encoded: bool) -> tuple[str, str]:
    decode = unquote if is_encoded else str
    name, _, value = text.partition("=")
    return decode(name), decode(value)


def taken_apart(text: str, separator: str, schema: JsonObject, *, is_encoded: bool = True, joint: bool = False) -> Json:
    """A scalar, an array, or an object whose names and values alternate or have `=` between them."""
    decode = unquote if is_encoded else str
    if schema.get("type") == "array":
        return in_array([decode(item) for item in text.split(separator)], schema)
    if schema.get("type") == "object" and joint:
        cut = [item.partition("=") for item in text.split(separator)]
        return in_object([(decode(name), decode(value)) for name, _, value in cut], schema)
    if schema.get("type") == "object":
        return in_object(alternating([decode(item) for item in text.split(separator)]), schema)
    return typed(decode(text), schema)


def deep(pairs: Sequence[tuple[str, str]], name: str, schema: JsonObject) -> Json:
    """An object with names in brackets."""
    found: JsonObject = {}
    for key, text in pairs:
        if not key.startswith(f"{name}["):
            continue
        *steps, last = re.findall(r"\[([^\]]*)\]", key[len(name) :])
        place, shape = found, schema
        for step in steps:
            inner = place.setdefault(step, {})
            assert isinstance(inner, dict)
            place, shape = inner, members(members(shape, "properties"), step)
        shape = members(members(shape, "properties"), last)
        if shape.get("type") == "array":
            items = place.setdefault(last, [])
            assert isinstance(items, list)
            items.append(typed(text, members(shape, "items")))
        else:
            place[last] = typed(text, shape)
    return found


def from_pairs(parameter: JsonObject, raw: Sequence[str]) -> Json:
    """Out of the pairs of a query or a cookie, as they arrived."""
    name, schema, style = str(parameter["name"]), members(parameter, "schema"), str(parameter["style"])
    is_encoded = style != "cookie" or "content" in parameter
    pairs = [divided(one, is_encoded=is_encoded) for one in raw]
    if "content" in parameter:
        return parse_json(next(value for key, value in pairs if key == name))
    if style == "deepObject":
        return deep(pairs, name, schema)
    if parameter["explode"] is True and schema["type"] == "array":
        return in_array([value for key, value in pairs if key == name], schema)
    if parameter["explode"] is True and schema["type"] == "object":
        return in_object([(key, value) for key, value in pairs if key in members(schema, "properties")], schema)
    (text,) = [one.partition("=")[2] for one, (key, _) in zip(raw, pairs, strict=True) if key == name]
    return taken_apart(text, DELIMITERS.get(style, ","), schema, is_encoded=is_encoded)


def from_segment(parameter: JsonObject, segment: str) -> Json:
    """Out of a segment of a path, still encoded."""
    schema, style, explode = members(parameter, "schema"), parameter["style"], parameter["explode"] is True
    if "content" in parameter:
        return parse_json(unquote(segment))
    if style == "label":
        assert segment[0] == "."
        return taken_apart(segment[1:], "." if explode else ",", schema, joint=explode)
    if style != "matrix":
        return taken_apart(segment, ",", schema, joint=explode)
    assert segment[0] == ";"
    pairs = [one.partition("=") for one in segment[1:].split(";")]
    if explode and schema["type"] == "object":
        return in_object([(unquote(key), unquote(value)) for key, _, value in pairs], schema)
    assert {unquote(key) for key, _, _ in pairs} == {str(parameter["name"])}
    if explode and schema["type"] == "array":
        return in_array([unquote(value) for _, _, value in pairs], schema)
    return taken_apart(pairs[0][2], ",", schema)


def from_header(parameter: JsonObject, text: str) -> Json:
    """Out of a header field, in which nothing is encoded."""
    if "content" in parameter:
        return parse_json(text)
    joint = parameter["explode"] is True
    return taken_apart(text, ",", members(parameter, "schema"), is_encoded=False, joint=joint)


def read(parameter: JsonObject, template: str, request: Request) -> Json:
    """The value of a parameter that was sent. Each path parameter is a segment of the template."""
    style = parameter.get("style", STYLES[str(parameter["in"])])
    parameter = {"explode": style in {"form", "cookie"}, **parameter, "style": style}
    name = str(parameter["name"])
    if parameter["in"] == "path":
        segments = dict(zip(template.split("/"), request.path.split("/"), strict=True))
        return from_segment(parameter, segments[f"{{{name}}}"])
    if parameter["in"] == "query":
        return from_pairs(parameter, request.query.split("&"))
    if parameter["in"] == "cookie":
        return from_pairs(parameter, (request.header("Cookie") or "").split("; "))
    return from_header(parameter, request.header(name) or "")
