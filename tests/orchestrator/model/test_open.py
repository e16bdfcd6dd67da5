"""Opening models by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.model.open import default_model_name, open_model


def test_the_model_of_those_who_name_none_is_the_stand_in() -> None:
    assert default_model_name({}) == "offline"
    assert default_model_name({"ORCHESTRATOR_MODEL": " "}) == "offline"
    assert default_model_name({"ORCHESTRATOR_MODEL": "openai:m"}) == "openai:m"


def test_a_model_is_known_by_the_name_it_was_opened_by(tmp_path: Path) -> None:
    script = tmp_path / "s.yaml"
    script.write_text("turns: [{user: hi, model: [{say: hello}]}]")
    names = ["offline", f"scripted:{script}", "openai:gpt-5-mini", "openai:llama3.2:1b"]
    assert [open_model(name).name for name in names] == names


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("offlin", "there is no model 'offlin'; did you mean 'offline'?"),
        ("Offline", "there is no model 'Offline'; did you mean 'offline'?"),
        ("opanai:m", "there is no model 'opanai:m'; did you mean 'openai:m'?"),
        ("script:a.yaml", "there is no model 'script:a.yaml'; did you mean 'scripted:a.yaml'?"),
        ("gpt-5-mini", "there is no model 'gpt-5-mini'; did you mean 'openai:gpt-5-mini'?"),
        ("", "there is no model ''; known: offline, scripted:FILE, openai:MODEL"),
        ("x:y", "there is no model 'x:y'; known: offline, scripted:FILE, openai:MODEL"),
        ("openai:", "the model 'openai:' lacks its second half; write scripted:FILE or openai:MODEL"),
        ("scripted", "the model 'scripted' lacks its second half; write scripted:FILE or openai:MODEL"),
    ],
)
def test_a_name_that_is_none_says_what_was_probably_meant(name: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        open_model(name)
    assert str(raised.value) == message


def test_a_script_that_is_missing_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the script"):
        open_model(f"scripted:{tmp_path / 'missing.yaml'}")
