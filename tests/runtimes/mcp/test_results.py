"""What a result of a tool is worth."""

from __future__ import annotations

import base64

import pytest

from runtimes.mcp.results import MAX_ATTACHMENTS, MAX_BLOCKS, one_line, read_result
from runtimes.values import Json, JsonObject

PNG = base64.b64encode(b"\x89PNG").decode()


def text(value: str) -> JsonObject:
    return {"type": "text", "text": value}


def image(data: str = PNG) -> JsonObject:
    return {"type": "image", "data": data, "mimeType": "image/png"}


CONTENTS: list[tuple[Json, Json]] = [
    ([], ""),
    ([text("hello")], "hello"),
    ([text('{"n": [1]}')], {"n": [1]}),
    ([text("[1, 2")], "[1, 2"),
    ([text("one"), text("2")], ["one", 2]),
    ([image()], "files: image/png, 4 bytes"),
    ([text("here:"), image()], "here:"),
    (
        [{"type": "resource", "resource": {"uri": "a:b", "mimeType": "text/plain", "text": '{"n": 1}'}}],
        {"uri": "a:b", "mimeType": "text/plain", "text": {"n": 1}},
    ),
    (
        [{"type": "resource_link", "uri": "https://a.test/", "name": "a", "icons": ["x"]}],
        {"type": "resource_link", "uri": "https://a.test/", "name": "a"},
    ),
    ("none", ""),
    (["none", 1, None], ""),
]


@pytest.mark.parametrize(("content", "payload"), CONTENTS)
def test_texts_that_are_json_are_their_values(content: Json, payload: Json) -> None:
    assert read_result({"content": content}).payload == payload


def test_structured_content_is_the_answer_where_it_is_there() -> None:
    link: JsonObject = {"type": "resource_link", "uri": "https://a.test/x", "name": "x"}
    answer = read_result({"content": [text("{}"), image(), link], "structuredContent": {"n": 1}})
    assert answer.payload == {"n": 1}
    assert len(answer.attachments) == 1
    assert answer.notes == ("see also https://a.test/x",)
    assert read_result({"content": [text("{}")], "structuredContent": [1]}).payload == [1]


def test_an_error_keeps_its_text_and_explains_itself_in_one_line() -> None:
    answer = read_result({"content": [text('{"a":\n"b\x1b[2J"}'), text("more")], "isError": True})
    assert answer.is_error
    assert answer.payload == ['{"a":\n"b\x1b[2J"}', "more"]
    assert answer.explanation == '{"a": "b [2J"}'
    assert read_result({"content": [], "structuredContent": {"a": 1}, "isError": True}).explanation == '{"a":1}'
    assert read_result({"content": [], "isError": "true"}).is_error
    assert not read_result({"content": [], "isError": None}).is_error


def test_files_are_named_by_the_last_part_of_their_address() -> None:
    def name(uri: str) -> str:
        resource: JsonObject = {"uri": uri, "blob": PNG, "mimeType": "image/png"}
        (file,) = read_result({"content": [{"type": "resource", "resource": resource}]}).attachments
        return file.name

    assert name("file:///tmp/a/photo.png") == "photo.png"
    assert name("https://a.test/x%2F..%2Fy.png?z") == "y.png"
    assert name("demo://resource/\x1b[2Jb") == "[2Jb"
    assert name("http://[") == ""


def test_what_cannot_be_read_or_is_too_much_is_left_out_and_told() -> None:
    answer = read_result({"content": [image("not base64!"), *[image()] * (MAX_ATTACHMENTS + 5), {"type": "hologram"}]})
    assert len(answer.attachments) == MAX_ATTACHMENTS
    assert "one image was left out: it is no base64" in answer.notes
    assert "a part of type 'hologram' was left out" in answer.notes
    blocks: list[Json] = [text("x") for _ in range(MAX_BLOCKS + 1)]
    many = read_result({"content": blocks})
    assert many.is_truncated
    assert isinstance(many.payload, list)
    assert len(many.payload) == MAX_BLOCKS


def test_files_are_bounded_together() -> None:
    big = base64.b64encode(bytes(3 * 1024 * 1024)).decode()
    answer = read_result({"content": [image(big), image(big)]})
    assert len(answer.attachments) == 1
    assert any("more than" in note for note in answer.notes)


def test_one_line_is_printable_and_short() -> None:
    assert one_line("a\n b\t\x1b[31mc\u202e", 100) == "a b [31mc"
    assert len(one_line("x" * 1000, 10)) == 10
