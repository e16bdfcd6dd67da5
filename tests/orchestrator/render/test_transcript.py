"""A conversation is kept as Markdown or as its facts, and never over something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.content import Card, CardAction, Citation, Shown
from orchestrator.errors import UsageError
from orchestrator.event_json import decode
from orchestrator.events import (
    AnswerReceived,
    CallAsked,
    CallDispatched,
    CallFailed,
    CallJudged,
    CallReturned,
    CallUnknown,
    Fact,
    Reason,
    ReplyReceived,
    TurnEnded,
    TurnStarted,
    TurnUndone,
)
from orchestrator.render.calls import LOOK_THERE, CallLabel
from orchestrator.render.transcript import as_markdown, save_transcript
from runtimes.values import JsonObject

LABELS = {("contoso", "getListings"): CallLabel(plugin="Contoso", function="getListings")}
HOME = Citation(title="24 Rainier Ave", url="https://example.test/24")
CARD = Card(body={"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "A card"}]})
READS = Reason(source="method", text="it is a GET request, which changes nothing")
FACTS: tuple[Fact, ...] = (
    TurnStarted(text="homes\nin Seattle?", person="me", documents={}),
    ReplyReceived(text="let me look"),
    CallJudged(call_id="c1", plugin="contoso", function="getListings", arguments={}, verdict="allow", reasons=(READS,)),
    CallReturned(call_id="c1", text="{}", shown=Shown(citations=(HOME,), cards=(CARD,))),
    AnswerReceived(text="One **home**.\x1b[2J"),
    TurnEnded(reason="answered"),
    TurnStarted(text="forget this", person="me", documents={}),
    AnswerReceived(text="forgotten"),
    TurnEnded(reason="answered"),
    TurnUndone(),
    TurnStarted(text="more", person="me", documents={}),
    TurnEnded(reason="error", detail="the model is away", partial="I fou"),
)


def test_a_transcript_reads_like_the_conversation() -> None:
    """Issue 2, item 9: /save."""
    assert as_markdown(FACTS, LABELS) == (
        "# Conversation\n\n"
        "> homes\n> in Seattle?\n\n"
        "- Contoso · getListings\n  - allowed: it is a GET request, which changes nothing\n\n"
        "One **home**.\n\n"
        "    A card\n\n"
        "1. 24 Rainier Ave · <https://example.test/24>\n\n"
        "> more\n\n"
        "I fou\n\n"
        "*error: the model is away*\n"
    )


def test_what_may_have_happened_is_told_with_what_was_sent_and_without_what_was_typed_unseen() -> None:
    """Issue 8, item 3."""
    action = CardAction(call_id="c0", title="Pay", data={"pin": "1234"}, secret=("pin",))
    arguments: JsonObject = {"pin": "1234", "note": "a\x1b[2J" + "x" * 500}
    facts: tuple[Fact, ...] = (
        TurnStarted(text="Pay", person="me", documents={}, action=action),
        CallJudged(call_id="c1", plugin="bank", function="pay", arguments=arguments, verdict="allow", reasons=()),
        CallDispatched(call_id="c1", attempt=1, request_hash="", destination="https://bank.test"),
        CallUnknown(call_id="c1", message="it was sent, and the process ended before the answer came"),
        TurnEnded(reason="answered"),
    )
    label = CallLabel(plugin="Bank", function="pay", progress_style="None")
    told = as_markdown(facts, {("bank", "pay"): label})
    assert "- Bank · pay sent, but whether it was carried out is unknown: it was sent" in told
    assert "it went to https://bank.test with pin=" in told
    assert f". {LOOK_THERE}\n" in told
    assert "1234" not in told
    assert "\x1b" not in told
    assert 100 < told.count("x") < 200


@pytest.mark.parametrize(
    ("asked", "sent", "where"),
    [
        ("https://old.test", "https://new.test", "it went to https://new.test with no arguments"),
        ("https://old.test", "", "it went to https://old.test with no arguments"),
        ("", "", "it went with no arguments"),
    ],
)
def test_where_a_call_went_is_what_was_kept_when_it_left(asked: str, sent: str, where: str) -> None:
    """Issue 8, item 3. Facts of before the destination was kept have that of the question."""
    facts: tuple[Fact, ...] = (
        TurnStarted(text="Pay", person="me", documents={}),
        CallJudged(call_id="c1", plugin="bank", function="pay", arguments={}, verdict="ask", reasons=()),
        *(
            [CallAsked(call_id="c1", fingerprint="", title="", body="", destination=asked, expires=1.0)]
            if asked
            else []
        ),
        CallDispatched(call_id="c1", attempt=1, request_hash="", destination=sent),
        CallUnknown(call_id="c1", message="it was sent"),
    )
    assert f"it was sent; {where}. " in as_markdown(facts, {})


HOSTILE = "[x](javascript:1) <b> `c` *d* _e_ snake_case"
HARMLESS = r"\[x\](javascript:1) \<b\> \`c\` \*d\* \_e\_ snake_case"


def test_what_strangers_write_is_no_markup() -> None:
    """Titles come from an API, labels from a manifest: none of them is a link."""
    citation = Citation(title=HOSTILE, subtitle="# 1", url="https://a.example/>[x](javascript:1)")
    facts: tuple[Fact, ...] = (
        TurnStarted(text="find", person="me", documents={}),
        CallJudged(call_id="c1", plugin="p", function="f", arguments={}, verdict="allow", reasons=()),
        CallFailed(call_id="c1", message=HOSTILE),
        CallReturned(call_id="c2", text="{}", shown=Shown(citations=(citation, Citation(title="1. a")))),
        TurnEnded(reason="error", detail=HOSTILE),
    )
    text = as_markdown(facts, {})
    assert f"- p · f failed: {HARMLESS}\n" in text
    assert f"1. {HARMLESS} · \\# 1 · <https://a.example/%3E[x](javascript:1)>\n2. 1\\. a\n" in text
    assert f"*error: {HARMLESS}*\n" in text


def test_a_file_of_json_lines_keeps_the_facts_themselves(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    save_transcript(path, FACTS, LABELS)
    assert tuple(decode(line) for line in path.read_bytes().splitlines()) == FACTS


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "talk.md"
    path.write_text("precious")
    with pytest.raises(UsageError, match="exists and is not overwritten"):
        save_transcript(path, FACTS, LABELS)
    assert path.read_text() == "precious"


def test_a_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*missing"):
        save_transcript(tmp_path / "missing" / "talk.md", FACTS, LABELS)
