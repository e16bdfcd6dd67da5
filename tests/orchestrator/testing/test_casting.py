"""Who replies in a conversation, and who answers: the steps of its file, or its recording (issue 6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.testing.answering.scripted import SteppedModel
from orchestrator.testing.playing.casting import Cast, Replaying
from orchestrator.testing.playing.collect import Choice, collect
from orchestrator.testing.playing.stage import Unplayable
from orchestrator.testing.recordings.replayed_http import ReplayedHttp
from orchestrator.testing.recordings.replayed_model import ReplayedModel
from tests.orchestrator.testing.playing import write_conversation

RECORDED = "cassette: 1\nconversations: [{name: one, model: {name: live}}]\n"


def _cast(folder: Path, text: str) -> Cast:
    path = write_conversation(folder, f"plugins: []\n{text}")
    [(file, placed)] = collect([path], Choice()).conversations
    return Replaying({}).cast(placed, file)


def test_steps_come_before_a_recording(tmp_path: Path) -> None:
    (tmp_path / "one.cassette.yaml").write_text(RECORDED, encoding="utf-8")
    cast = _cast(tmp_path, "turns: [{say: Hi}, {say: Hi, model: Hello}]\n")
    assert isinstance(cast.model, SteppedModel)
    assert cast.recorded is None


def test_without_steps_the_recording_replies(tmp_path: Path) -> None:
    (tmp_path / "one.cassette.yaml").write_text(RECORDED, encoding="utf-8")
    cast = _cast(tmp_path, "api: recorded\nturns: [{say: Hi}]\n")
    assert isinstance(cast.model, ReplayedModel)
    assert isinstance(cast.recorded, ReplayedHttp)


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("turns: [{say: Hi}]\n", "turns"),
        ("api: recorded\nturns: [{say: Hi, model: Hello}]\n", "api"),
        ("name: Another\nturns: [{say: Hi}]\n", "turns"),
    ],
)
def test_a_recording_that_is_missing_is_told_with_what_needs_it(tmp_path: Path, text: str, member: str) -> None:
    if "Another" in text:
        (tmp_path / "one.cassette.yaml").write_text(RECORDED, encoding="utf-8")
    with pytest.raises(Unplayable, match="there is no recording of this conversation; make one with") as caught:
        _cast(tmp_path, text)
    assert caught.value.member == member


def test_a_recording_that_has_become_unreadable_is_told(tmp_path: Path) -> None:
    path = write_conversation(tmp_path, "plugins: []\nturns: [{say: Hi}]\n")
    [(file, placed)] = collect([path], Choice()).conversations
    (tmp_path / "one.cassette.yaml").write_text("[]", encoding="utf-8")
    with pytest.raises(Unplayable, match=r"the recording .* cannot be read: a cassette is an object"):
        Replaying({}).cast(placed, file)
