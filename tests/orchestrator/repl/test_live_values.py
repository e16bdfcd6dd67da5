"""What is typed for one thing that a plugin asks for is its value, or is told why not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.live_forms import FormField, complaints, read_form
from orchestrator.repl.live_values import MAX_SHOWN, Unfit, prompt_for, read_value, told
from runtimes.values import Json, JsonObject

PARTS: dict[str, JsonObject] = {
    "text": {"type": "string", "minLength": 2},
    "day": {"type": "string", "format": "date"},
    "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 2},
    "size": {"type": "number"},
    "sure": {"type": "boolean", "default": True},
    "view": {"type": "string", "enum": ["sea", "hill"], "enumNames": ["Sea view", "Hill view"]},
    "extras": {"type": "array", "items": {"enum": ["bed", "cot", "desk"]}, "maxItems": 2, "default": ["bed"]},
}
LONG: JsonObject = {"type": "string", "title": "T" * 100, "default": "d" * 100}


def member(name: str, *, is_required: bool = False) -> FormField:
    (one,) = read_form({"properties": {name: PARTS[name]}, "required": [name] if is_required else []})
    return one


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("text", " two words ", "two words"),
        ("text", "", None),
        ("text", "--", "--"),
        ("day", "2026-02-28", "2026-02-28"),
        ("count", "7", 7),
        ("count", "", 2),
        ("count", "-", None),
        ("size", "2.5", 2.5),
        ("size", "-3", -3),
        ("size", ".5e1", 5.0),
        ("sure", "", True),
        ("sure", "N", False),
        ("sure", "yes", True),
        ("sure", "-", None),
        ("view", "1", "sea"),
        ("view", "hill VIEW", "hill"),
        ("view", "Sea", "sea"),
        ("extras", "3, 1,3", ["desk", "bed"]),
        ("extras", "cot", ["cot"]),
        ("extras", "", ["bed"]),
        ("extras", ",", []),
    ],
)
def test_what_fits_is_the_value(name: str, typed: str, value: Json) -> None:
    assert read_value(member(name), typed) == value


@pytest.mark.parametrize(
    ("name", "typed", "why"),
    [
        ("text", "a", "shorter than 2"),
        ("day", "tomorrow", '"date"'),
        ("count", "2.5", "a whole number"),
        ("count", "1_0", "a whole number"),
        ("count", "٣", "a whole number"),
        ("count", "10", "maximum of 9"),
        ("count", "9" * 31, "a whole number"),
        ("size", "1e999", "a number, such as"),
        ("size", "nan", "a number, such as"),
        ("size", "0x10", "a number, such as"),
        ("sure", "maybe", "y or n"),
        ("view", "3", "from 1 to 2"),
        ("view", "0", "from 1 to 2"),
        ("view", "view", "from 1 to 2"),
        ("extras", "1,2,3", "2 items"),
    ],
)
def test_what_does_not_fit_is_told(name: str, typed: str, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        read_value(member(name), typed)


@pytest.mark.parametrize(("name", "typed"), [("text", ""), ("text", "  "), ("count", "-")])
def test_what_is_required_is_not_left_out(name: str, typed: str) -> None:
    with pytest.raises(Unfit, match="does not go on without it"):
        read_value(member(name, is_required=True), typed)


@given(st.sampled_from(sorted(PARTS)), st.text(max_size=12) | st.from_regex(r"[-+0-9.eE,yn ]{0,6}", fullmatch=True))
def test_whatever_is_typed_is_a_value_that_fits_or_is_refused(name: str, typed: str) -> None:
    one = member(name)
    try:
        value = read_value(one, typed)
    except Unfit:
        return
    assert value is None or not complaints(one, value)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("text", "text (optional): "),
        ("day", "day (YYYY-MM-DD, optional): "),
        ("count", "count (a whole number, optional) [2]: "),
        ("sure", "sure (y/n, optional) [yes]: "),
        ("view", "view (a number from the list, optional): "),
        ("extras", "extras (numbers from the list, with commas, optional) [bed]: "),
    ],
)
def test_the_prompt_says_what_can_be_typed(name: str, prompt: str) -> None:
    assert prompt_for(member(name)) == prompt


def test_a_prompt_is_short() -> None:
    (one,) = read_form({"properties": {"a": LONG}, "required": ["a"]})
    assert prompt_for(one) == f"{'T' * (MAX_SHOWN - 1)}… [{'d' * (MAX_SHOWN - 1)}…]: "


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("view", "sea", "Sea view"),
        ("sure", False, "no"),
        ("extras", [], "none"),
        ("size", 2.5, "2.5"),
        ("text", None, ""),
    ],
)
def test_values_are_shown_as_the_person_knows_them(name: str, value: Json, shown: str) -> None:
    assert told(member(name), value) == shown
