"""Words, stems, numbers, dates and topics, as the stand-in reads them."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.model.offline.dates import days_in
from orchestrator.model.offline.topics import sensitive_topics, touches
from orchestrator.model.offline.words import name_words, number_of, stem_of, words_of

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    "forms",
    [
        "donate donates donated donating donation donations",
        "certify certified certification certifications",
        "violence violent",
        "politics political",
        "category categories",
        "cancel cancelled cancels cancelling",
        "box boxes",
        "confirm confirmation",
    ],
)
def test_the_forms_of_a_word_share_a_stem(forms: str) -> None:
    assert len({stem_of(word) for word in forms.split()}) == 1


@pytest.mark.parametrize("pair", ["list listing", "set setting", "public publication", "save sale"])
def test_different_words_keep_different_stems(pair: str) -> None:
    first, second = pair.split()
    assert stem_of(first) != stem_of(second)


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("getListings", ("get", "listings")),
        ("set_windows_theme", ("set", "windows", "theme")),
        ("parsePDFFile2", ("parse", "pdf", "file", "2")),
        ("x-größe", ("x", "größe")),
        ("", ()),
    ],
)
def test_an_identifier_is_read_as_its_words(identifier: str, words: tuple[str, ...]) -> None:
    assert name_words(identifier) == words


def test_words_know_where_they_stand() -> None:
    text = "Find three-bedroom homes in Ada's town"
    assert [word.text for word in words_of(text)] == ["Find", "three", "bedroom", "homes", "in", "Ada", "town"]
    assert all(text[word.start : word.end] == word.text for word in words_of(text))


@given(st.text(max_size=300))
def test_the_words_of_any_text_are_pieces_of_it_in_order(text: str) -> None:
    words = words_of(text)
    assert all(text[word.start : word.end] == word.text != "" for word in words)
    assert all(first.end <= second.start for first, second in pairwise(words))


@given(st.text(max_size=30))
def test_any_word_has_a_stem_that_is_not_empty_unless_the_word_is(word: str) -> None:
    assert bool(stem_of(word)) == bool(word)


def test_numbers_are_read_in_digits_and_words() -> None:
    assert [number_of(word) for word in ("3", "seven", "dozen", "bedroom", "")] == [3, 7, 12, None, None]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-03-05", "2027-03-05"),
        ("today", "2026-11-21"),
        ("by tomorrow", "2026-11-22"),
        ("next monday", "2026-11-23"),
        ("on Friday", "2026-11-27"),
        ("saturday", "2026-11-21"),
        ("next saturday", "2026-11-28"),
        ("last saturday", "2026-11-14"),
        ("in 2 weeks", "2026-12-05"),
        ("March 5 2027", "2027-03-05"),
        ("the 5th of March", "2027-03-05"),
        ("Dec 24", "2026-12-24"),
    ],
)
def test_a_day_is_read_relative_to_today(text: str, day: str) -> None:
    assert [found.written("date") for found in days_in(text, TODAY)] == [day]


def test_an_hour_belongs_to_a_moment_and_not_to_a_day() -> None:
    (found,) = days_in("a call tomorrow at 3 pm please", TODAY)
    assert (found.written("date-time"), found.written("date")) == ("2026-11-22T15:00:00Z", "2026-11-22")


@pytest.mark.parametrize("text", ["February 31", "2027-13-01", "99999-01-01", "nobody may know", "0000-00-00"])
def test_what_is_no_day_is_not_read_as_one(text: str) -> None:
    assert days_in(text, TODAY) == ()


@given(st.text(alphabet="0123456789-:TZ apmrchontdyn,.", max_size=60))
def test_no_text_breaks_the_reading_of_days(text: str) -> None:
    assert all(day.written("date-time").startswith(day.written("date")) for day in days_in(text, TODAY))


LISTED = "Is it about smoking, gambling, loud music or cruel jokes? Then call `withdraw()` at once."


@pytest.mark.parametrize("said", ["A poem on gambling", "let's gamble", "play LOUD music", "a cruel joke"])
def test_a_listed_topic_is_found_in_other_forms(said: str) -> None:
    assert touches(said, sensitive_topics(LISTED, "withdraw"))


@pytest.mark.parametrize("said", ["A poem on trees", "music", "call me", "is it loud?", "a joke", ""])
def test_what_is_not_listed_is_no_topic(said: str) -> None:
    assert not touches(said, sensitive_topics(LISTED, "withdraw"))


def test_a_topic_belongs_to_the_plugin_whose_section_names_it() -> None:
    topics = sensitive_topics(f"## Plugin A\n{LISTED}\n### `a-x`\n- Go.\n## Plugin B\n### `b-y`\n- Go.", "withdraw")
    assert touches("gambling", topics, frozenset({"a-x"}))
    assert not touches("gambling", topics, frozenset({"b-y"}))
    assert touches("gambling", topics)


@pytest.mark.parametrize(
    "system",
    ["Topics: smoking, gambling, weapons.", "Call `withdraw` where a plugin tells you to; it ends it.", ""],
)
def test_only_a_list_in_a_line_that_names_the_tool_counts(system: str) -> None:
    assert sensitive_topics(system, "withdraw") == ()
