"""Text is wrapped, cut and measured in cells."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from orchestrator.render.cards.lines import Flow, Span, cells, cut, line, padded, plain, wrapped
from orchestrator.render.cards.widths import Wish, natural_width, shared

TEXTS = st.text(st.sampled_from("ab  宽👩\u200d\ufe0f❤é\u0301🇩🇪-"), max_size=60)
WIDTHS = st.integers(2, 40)


def _wrapped(text: str, width: int) -> list[str]:
    return [plain(one).rstrip() for one in wrapped(Flow(spans=line(text)), width)]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("a abcdefgh", 4, ["a", "abcd", "efgh"]),
        ("宽字符宽", 5, ["宽字", "符宽"]),
        ("ab宽字符", 5, ["ab宽", "字符"]),
        ("👩\u200d👩\u200d👧 x", 4, ["👩\u200d👩\u200d👧 x"]),
        ("❤\ufe0f❤\ufe0f❤\ufe0f", 4, ["❤\ufe0f❤\ufe0f", "❤\ufe0f"]),
    ],
)
def test_text_is_wrapped_at_spaces_and_beside_wide_characters(text: str, width: int, lines: list[str]) -> None:
    assert _wrapped(text, width) == lines


@given(TEXTS, WIDTHS)
@example("\ufe0f宽a", 2)
@example("\u200d\u200daaa", 2)
def test_wrapping_keeps_every_word_and_the_width(text: str, width: int) -> None:
    lines = wrapped(Flow(spans=line(text)), width)
    assert all(cells(one) <= width for one in lines)
    assert "".join("".join(map(plain, lines)).split()) == "".join(text.split())


@given(st.lists(st.tuples(TEXTS, st.sampled_from(["", "bold"]))), WIDTHS)
def test_wrapping_keeps_the_style_of_every_character(pieces: list[tuple[str, str]], width: int) -> None:
    spans = tuple(Span(text, style) for text, style in pieces)
    kept = [span for one in wrapped(Flow(spans=spans), width) for span in one]
    for style in ("", "bold"):
        before = "".join(text for text, own in pieces if own == style)
        after = "".join(text for text, own in kept if own == style)
        assert before.replace(" ", "") == after.replace(" ", "")


@given(TEXTS, WIDTHS)
@example("\u200d\u200daaa", 2)
def test_what_is_cut_says_so(text: str, width: int) -> None:
    short = plain(cut(line(text), width, "…"))
    assert cell_len(short) <= width
    assert short == text or short.endswith("…")


@given(TEXTS, WIDTHS)
def test_padding_fills_the_width(text: str, width: int) -> None:
    assert len(plain(padded(line(text), width))) >= len(text)
    assert cells(padded(line(text.replace("\u200d", "")), width)) >= width


def test_a_mark_stands_before_the_first_line_and_makes_room_for_the_others() -> None:
    flow = Flow(spans=line("one two three four"), mark="• ", indent=2)
    assert [plain(one) for one in wrapped(flow, 14)] == ["  • one two", "    three four"]


@pytest.mark.parametrize(
    ("wishes", "room", "widths"),
    [
        ([(3, 10, 0), (3, 10, 0)], 30, (10, 10)),
        ([(3, 10, 0), (3, 10, 0)], 14, (7, 7)),
        ([(3, 10, 0), (3, 10, 0)], 5, None),
        ([(3, 10, 0), (3, 10, 1)], 30, (10, 20)),
        ([(3, 10, 2), (3, 10, 1)], 30, (20, 10)),
        ([(3, 10, 100), (9, 10, 1)], 30, (21, 9)),
        ([], 10, ()),
    ],
)
def test_columns_share_the_width(
    wishes: list[tuple[int, int, float]], room: int, widths: tuple[int, ...] | None
) -> None:
    assert shared([Wish(least=least, natural=natural, weight=w) for least, natural, w in wishes], room) == widths


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 100), st.sampled_from([0, 0.5, 1, 3, 10_000])), max_size=8),
    st.integers(0, 200),
)
def test_columns_take_no_more_than_there_is_and_no_less_than_they_need(
    wishes: list[tuple[int, int, float]], room: int
) -> None:
    columns = [Wish(least=least, natural=max(least, natural), weight=weight) for least, natural, weight in wishes]
    widths = shared(columns, room)
    if widths is None:
        assert sum(wish.least for wish in columns) > room
        return
    assert sum(widths) <= room
    assert all(width >= wish.least for width, wish in zip(widths, columns, strict=True))
    if room >= natural_width(columns):
        assert all(width >= wish.natural - 1 for width, wish in zip(widths, columns, strict=True))
