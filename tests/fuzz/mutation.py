"""Spoils documents, by bytes and by structure; the same chance spoils them in the same way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random

import yaml

from runtimes.documents import DocumentError, is_json_object, parse_document
from runtimes.limits import MAX_DEPTH, MAX_KEY_CHARS
from runtimes.values import Json

MAX_WRITTEN = 200_000
"""Bytes up to which a document is mutated by structure: it is parsed and written for that."""

Container = dict[str, Json] | list[Json]
Slot = tuple[Container, str | int]

SPANS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b'"', b"{", b"}", b"[", b"]", b",", b":",
    b"\n", b"\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\t", b"&a ", b"*a", b"<<: ", b"!!int ", b"%TAG ! x\n", b"---\n",
    b"? ", b"|\n", b"9" * 450, b"1e999", b"NaN", b".inf", b"-", b"#", b"'", b"\xf0\x9f\x92\xa9",
    b"[" * (MAX_DEPTH + 2),
)  # fmt: skip
"""What is put between bytes."""

TEXTS = (
    "", " ", "x-odd", "none", "NONE", "OpenApi", "RemoteMCPServer", "LocalPlugin", "OAuthPluginVault", "v2", "v2.4",
    "v9", "${{NAME}}", "${{HOST:example.com}}", "${{", "${{GIVEN}}", "[[key]]", "[[", "{{function.parameters.x}}",
    "{% if %}", "$", "$.a[?", "$..*", "$[0]", "$['a']" * 50, "https://example.com/{x}", "http://[::1", "//host/x",
    "../../etc/passwd", "file:///x", "#/", "#/components/schemas/A", "#/paths/~1a~0b",
    "https://fuzz.test/plugin.json", "openapi.yaml", "*", "get*", "a" * 5000, "\u202e", "\x1b[31m", "\r\n", "\u2028",
    "😀" * 300, "\x00", "%41%", "a/b", "a-b", "constructor", "💩\u0301", "{", "}", "{a}{a}", "/items/{id",
    "application/json; charset=x", "2XX", "default", "oauth2", "apiKey",
)  # fmt: skip
"""What becomes of strings, and of keys."""

KEYS = (
    "x-odd", "$ref", "api", "functions", "runtimes", "auth", "spec", "url", "type", "properties", "required", "enum",
    "items", "allOf", "oneOf", "parameters", "paths", "servers", "security", "capabilities", "confirmation", "body",
    "states", "response_semantics", "data_path", "static_template", "file", "localization", "name", "default", "in",
    "schema", "k" * (MAX_KEY_CHARS + 1), "~", "/", "", "0", "\u2028", "a.b", "é",
)  # fmt: skip
"""New keys and new names of keys."""


def _odd_values(chance: Random) -> Json:
    deep: Json = 1
    for _ in range(chance.choice((3, 40, MAX_DEPTH + 5))):
        deep = {"a": deep} if chance.random() < 0.5 else [deep]
    options: list[Json] = [
        None, True, False, 0, -1, 1.5, 2**63, 10**30, 1e308, chance.choice(TEXTS), chance.choice(TEXTS), {}, [],
        [None], [[]], {"$ref": "#"}, {"$ref": "#/paths"}, {"$ref": chance.choice(TEXTS)}, [{"$ref": "#/a"}], deep,
        {chance.choice(KEYS): chance.choice(TEXTS)}, list[Json]([chance.choice(TEXTS)]) * 3, {"type": "object",
        "properties": []},
    ]  # fmt: skip
    return chance.choice(options)


def _slots(value: Json) -> Iterator[Slot]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield value, name
            yield from _slots(inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield value, index
            yield from _slots(inner)


def _at(slot: Slot) -> Json:
    container, place = slot
    if isinstance(container, dict):
        return container[str(place)]
    return container[int(place)]


def _put(slot: Slot, value: Json) -> None:
    container, place = slot
    if isinstance(container, dict):
        container[str(place)] = value
    else:
        container[int(place)] = value


def _remove(slot: Slot, chance: Random, root: Json) -> None:
    container, place = slot
    if isinstance(container, dict):
        container.pop(str(place))
    else:
        container.pop(int(place))


def _replace(slot: Slot, chance: Random, root: Json) -> None:
    _put(slot, _odd_values(chance))


def _rename(slot: Slot, chance: Random, root: Json) -> None:
    container, place = slot
    if isinstance(container, dict):
        value = container.pop(str(place))
        name = str(place)
        container[chance.choice((*KEYS, name.upper(), name + "s", name[:-1], "x-" + name))] = value


def _retext(slot: Slot, chance: Random, root: Json) -> None:
    value = _at(slot)
    if isinstance(value, str):
        odd = chance.choice(TEXTS)
        _put(slot, chance.choice((odd, value + odd, odd + value, value.upper(), value[: len(value) // 2] + odd)))


def _add(slot: Slot, chance: Random, root: Json) -> None:
    container, _ = slot
    if isinstance(container, dict):
        container[chance.choice(KEYS)] = _odd_values(chance)
    else:
        container.append(_odd_values(chance))


def _copy(slot: Slot, chance: Random, root: Json) -> None:
    """Puts one value where another is, its own part or its whole not excepted."""
    others = [*_slots(root)]
    _put(slot, json.loads(json.dumps(_at(chance.choice(others)))))


def _double(slot: Slot, chance: Random, root: Json) -> None:
    container, place = slot
    if isinstance(container, list):
        container.insert(int(place), container[int(place)])


def _cycle(slot: Slot, chance: Random, root: Json) -> None:
    _put(slot, {"$ref": chance.choice(("#", "#/a", "#/paths", "#/components/schemas/Loop"))})
    if isinstance(root, dict):
        root["a"] = {"$ref": "#/b"}
        root["b"] = {"$ref": "#/a"}
        root["components"] = {"schemas": {"Loop": {"properties": {"x": {"$ref": "#/components/schemas/Loop"}}}}}


STEPS: tuple[Callable[[Slot, Random, Json], None], ...] = (
    _remove, _replace, _replace, _rename, _retext, _retext, _add, _copy, _double, _cycle,
)  # fmt: skip


def _written(value: Json, chance: Random, *, is_json: bool) -> bytes:
    if is_json or chance.random() < 0.2:
        return json.dumps(value, indent=chance.choice((None, 2)), ensure_ascii=chance.random() < 0.5).encode()
    style = chance.choice((None, False, True))
    return yaml.dump(value, Dumper=yaml.CSafeDumper, default_flow_style=style, allow_unicode=True).encode()


def _by_structure(data: bytes, chance: Random) -> bytes:
    try:
        value = parse_document(data, "seed")
    except DocumentError:
        return _by_bytes(data, chance)
    for _ in range(chance.choice((1, 1, 2, 4))):
        slots = [*_slots(value)]
        if slots:
            chance.choice(STEPS)(chance.choice(slots), chance, value)
    return _written(value, chance, is_json=is_json_object(data))


def _by_bytes(data: bytes, chance: Random) -> bytes:
    text = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.choice((1, 2, 10, 200)))
        match chance.randrange(6):
            case 0:
                text[at:end] = bytes(byte ^ 1 << chance.randrange(8) for byte in text[at:end])
            case 1:
                del text[at:end]
            case 2:
                text[at:at] = chance.choice(SPANS)
            case 3:
                text[at:end] = chance.choice(SPANS)
            case 4:
                text[at:at] = text[at:end] * chance.choice((1, 3))
            case _:
                del text[chance.choice((at, len(text))) :]
    return bytes(text)


def mutated(data: bytes, chance: Random) -> bytes:
    """The document with a few things wrong."""
    by_structure = len(data) <= MAX_WRITTEN and chance.random() < 0.7
    return _by_structure(data, chance) if by_structure else _by_bytes(data, chance)
