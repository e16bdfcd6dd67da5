"""Conversations that are written read back as the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.patterns import escaped
from orchestrator.testing.format.reading import read_conversations
from orchestrator.testing.format.writing import write_conversations
from runtimes.values import JsonObject
from tests.orchestrator.testing.test_patterns import VALUES

CASES = Path(__file__).resolve().parents[2] / "cases" / "conversations" / "failures"
Drawn = st.SearchStrategy[object]

TEXTS = st.text(max_size=8) | st.sampled_from(["null", "True", "1e3", "0x1", "- a", "a: b", "a\nb", "\x85\ufeff", "~"])
PATTERNS: Drawn = VALUES.map(escaped)


def optional(members: dict[str, Drawn], **needed: Drawn) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(dict(needed), optional=members)


def few(item: Drawn) -> Drawn:
    return st.lists(item, min_size=1, max_size=2)


def listed(*items: Drawn) -> Drawn:
    item: Drawn = st.one_of(*items)
    orders: list[Drawn] = [optional({}, **{order: few(item)}) for order in ("in_order", "any_order", "include")]
    return st.one_of(item, st.lists(item, max_size=2), *orders)


CLAIMS: Drawn = st.one_of(TEXTS, few(TEXTS), optional({"is": TEXTS, "not": TEXTS, "contains": few(TEXTS)}))
OBJECTS: Drawn = st.dictionaries(TEXTS, VALUES, max_size=2)
ONE_CALL: Drawn = optional({"with": st.one_of(OBJECTS, TEXTS), "in": st.just("responding"), "text": TEXTS}, call=TEXTS)
SEVERAL_CALLS: Drawn = optional({"text": TEXTS}, calls=few(optional({"with": OBJECTS}, call=TEXTS)))
STEPS: Drawn = st.one_of(TEXTS, ONE_CALL, SEVERAL_CALLS, optional({}, phrase=TEXTS))
ENDS: Drawn = st.one_of(st.sampled_from(["limit", "waiting"]), optional({"detail": CLAIMS}, reason=st.just("error")))
QUESTIONS: Drawn = TEXTS.filter(lambda text: bool(text.strip()))
EXPECT = optional(
    {
        "text": CLAIMS,
        "calls": listed(TEXTS, optional({"with": PATTERNS, "reason": CLAIMS}, call=TEXTS)),
        "requests": listed(optional({"path": PATTERNS, "json": PATTERNS, "url": CLAIMS})),
        "questions": listed(TEXTS, optional({"title": CLAIMS, "answer": st.just("open")}, call=TEXTS)),
        "citations": listed(TEXTS, PATTERNS),
        "cards": listed(TEXTS, optional({"subset": PATTERNS, "shows": CLAIMS})),
        "events": few(st.one_of(TEXTS, PATTERNS)),
        "end": ENDS,
        "model_requests": st.integers(),
        "tokens": st.one_of(st.integers(), optional({}, **{"$at-most": st.integers()})),
        "prompts": st.one_of(TEXTS, few(optional({"contains": TEXTS, "not": TEXTS}))),
        "judge": st.one_of(
            QUESTIONS, few(st.one_of(QUESTIONS, optional({"answer": st.just("no")}, question=QUESTIONS)))
        ),
    }
)
WORDS: Drawn = st.sampled_from(["approve", "decline"])
DECISIONS: Drawn = st.one_of(WORDS, few(st.one_of(WORDS, optional({}, **{"answer": st.just("edit"), "with": OBJECTS}))))
TURNS = optional({"model": st.one_of(STEPS, few(STEPS)), "decide": DECISIONS, "expect": EXPECT}, say=TEXTS)
CONVERSATIONS = optional(
    {
        "plugins": st.one_of(TEXTS, few(TEXTS)),
        "environment": st.dictionaries(TEXTS, TEXTS, max_size=2),
        "tags": st.one_of(TEXTS, few(TEXTS)),
        "locale": TEXTS,
        "clock": st.just("2026-11-21T09:00:00+01:00"),
        "api": st.sampled_from(["mock", "real"]),
    },
    turns=few(TURNS),
)


def read_back(data: bytes) -> list[Conversation]:
    file = read_conversations(data, "x.conversation.yaml")
    assert file.problems == ()
    return [placed.conversation for placed in file.conversations]


@given(st.lists(CONVERSATIONS, min_size=1, max_size=2))
def test_what_is_written_reads_back_as_the_same(members: list[dict[str, object]]) -> None:
    conversations = [Conversation.model_validate({**one, "name": f"n{at}"}) for at, one in enumerate(members)]
    assert read_back(write_conversations(conversations)) == conversations


@pytest.mark.parametrize("path", sorted(CASES.glob("*.conversation.yaml")), ids=lambda path: path.stem)
def test_a_file_reads_back_as_the_same(path: Path) -> None:
    [conversation] = read_back(path.read_bytes())
    assert read_back(write_conversations([conversation])) == [conversation]


def test_a_conversation_is_written_as_a_person_would() -> None:
    turn: JsonObject = {
        "say": "Save that search",
        "model": [{"call": "saveSearch", "with": {"city": "Seattle", "on": "no"}}, "It is saved."],
        "decide": "approve",
        "expect": {"calls": "saveSearch", "text": "saved: yes", "events": ["call_asked"]},
    }
    saved = Conversation.model_validate({"name": "saved", "plugins": "plugin.json", "turns": [turn]})
    assert write_conversations([saved]).decode() == (
        "name: saved\n"
        "plugins: plugin.json\n"
        "turns:\n"
        "  - say: Save that search\n"
        "    model:\n"
        "      - call: saveSearch\n"
        "        with:\n"
        "          city: Seattle\n"
        '          "on": "no"\n'
        "      - It is saved.\n"
        "    decide: approve\n"
        "    expect:\n"
        '      text: "saved: yes"\n'
        "      calls:\n"
        "        - saveSearch\n"
        "      events:\n"
        "        - call_asked\n"
    )
