"""How many tokens a text is taken to have, and which turns have room (issue 8, 6)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.labels import CLEAN, Label
from orchestrator.model.base import AssistantMessage, EarlierMessage, ModelCall, ToolMessage, UserMessage
from orchestrator.turn.prompts import earlier_message
from orchestrator.turn.window import (
    FENCE_TOKENS,
    MESSAGE_TOKENS,
    NOTICE_TOKENS,
    cost_of,
    estimated_tokens,
    first_that_fits,
    summary_of,
    within,
)

MOST = 10**9
"""More turns than any conversation has."""


@pytest.mark.parametrize(
    ("text", "newer", "older"),
    [
        ("You miss 100% of the shots you don't take", 11, 11),
        ("antidisestablishmentarianism", 6, 6),
        ("The quick brown fox jumps over the lazy dog.", 10, 10),
        ("Hello, my name is GPT-4o. I'm a new type of language model, it's nice to meet you!", 24, 27),
        ("Hallo, mein Name is GPT-4o. Ich bin ein neues KI-Sprachmodell. Es ist schön, dich kennenzulernen.", 29, 34),
        ("Привет, меня зовут GPT-4o. Я — новая языковая модель, приятно познакомиться!", 23, 39),
        ("你好，我的名字是GPT-4o。我是一种新型的语言模型，很高兴见到你!", 24, 34),  # noqa: RUF001
        ("こんにちわ、私の名前はGPT-4oです。私は新しいタイプの言語モデルです、初めまして", 26, 37),
        ("안녕하세요, 제 이름은 GPT-4o입니다. 저는 새로운 유형의 언어 모델입니다, 만나서 반갑습니다!", 27, 45),
        ("お誕生日おめでとう", 8, 9),
    ],
)
def test_an_estimate_is_near_what_tokenizers_count(text: str, newer: int, older: int) -> None:
    """The counts are those that OpenAI has published of its newer tokenizer (200,000 words) and its older one."""
    estimate = estimated_tokens(text)
    assert 0.85 * older <= estimate <= 3 * newer
    assert estimate >= newer


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("word", 1), ("words", 2), ("12", 1), ("{}", 1), ("é", 1), ("語", 2), ("😀", 2), ("\ud800", 2)],
)
def test_what_is_no_small_letter_counts_double(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


@given(st.text(), st.text())
def test_a_longer_text_has_no_fewer_tokens(text: str, more: str) -> None:
    whole = estimated_tokens(text + more)
    assert estimated_tokens(text) <= whole <= estimated_tokens(text) + estimated_tokens(more)
    assert len(text) / 4 <= estimated_tokens(text) <= 2 * len(text)


@given(st.text(), st.integers(-1, 40))
def test_a_text_is_cut_where_one_more_character_would_be_too_many(text: str, tokens: int) -> None:
    kept = within(text, tokens)
    assert text.startswith(kept)
    assert estimated_tokens(kept) <= max(tokens, 0)
    assert kept == text or estimated_tokens(text[: len(kept) + 1]) > tokens


def test_all_that_a_message_holds_is_counted() -> None:
    call = ModelCall(id="m", tool="abcd", arguments="efghijkl")
    assert cost_of([UserMessage(text="abcd")]) == MESSAGE_TOKENS + 1
    assert cost_of([UserMessage(text="abcd", note="efgh", fence="f")]) == MESSAGE_TOKENS + 2 + FENCE_TOKENS
    assert cost_of([EarlierMessage(text="abcd", note="efgh", fence="f")]) == MESSAGE_TOKENS + 2 + FENCE_TOKENS
    assert cost_of([AssistantMessage(text="abcd", calls=(call, call))]) == 3 * MESSAGE_TOKENS + 1 + 2 * 3
    assert cost_of([ToolMessage(call_id="m", text="abcd", fence="f")]) == MESSAGE_TOKENS + 1 + FENCE_TOKENS
    assert cost_of([UserMessage(text="a"), UserMessage(text="b")]) == 2 * (MESSAGE_TOKENS + 1)


@dataclass(frozen=True)
class Turn:
    start: int


@given(st.lists(st.integers(1, 9)), st.integers(-5, 60))
def test_the_turns_that_fit_are_those_that_a_look_at_each_finds(sizes: list[int], room: int) -> None:
    past = [Turn(sum(sizes[:index])) for index in range(len(sizes))]
    first = len(sizes)
    while first and sum(sizes[first - 1 :]) <= room:
        first -= 1
    assert first_that_fits(past, sum(sizes), room) == first


@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=20), max_size=5), st.booleans())
def test_what_stands_for_a_summary_costs_no_more_than_was_held_free(text: str, names: list[str], aside: bool) -> None:
    label = Label(seen=tuple(names))
    summary = summary_of(text, MOST - 1, label, "0123456789abcdef")
    assert cost_of([earlier_message(MOST, summary, names if aside else ())]) <= summary.cost
    assert cost_of([earlier_message(MOST, None, ())]) <= NOTICE_TOKENS


def test_the_words_of_the_host_say_what_is_missing() -> None:
    """Issue 8, 6: what is cut is said, and what a summary is."""
    summary = summary_of("Ada likes Lisbon", 3, Label(seen=("mail", "web")), "f00d")
    assert earlier_message(1, None, ()).text == "[1 earlier turn of this conversation is not shown.]"
    told = earlier_message(3, summary, ())
    assert (told.note, told.fence) == ("Ada likes Lisbon", "f00d")
    assert told.text.startswith("[3 earlier turns of this conversation are not shown. A summary that a model has writt")
    assert "summary that a model has written of the first 3 stands" in earlier_message(5, summary, ()).text
    aside = earlier_message(3, summary, {"mail"})
    assert (aside.note, aside.fence) == ("", "")
    assert "put aside: it has data of mail, web" in aside.text
    assert summary_of("", 1, CLEAN, "").is_shown({"mail"})
