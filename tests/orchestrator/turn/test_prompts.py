"""What the model is told in each state."""

from __future__ import annotations

import pytest

from orchestrator.manifest.load import read_document
from orchestrator.tools.toolbox import Toolbox
from orchestrator.turn.prompts import disengaging_prompt, reasoning_prompt, responding_prompt
from runtimes.values import Json, JsonObject
from tests.orchestrator.turn.toolboxes import toolbox_of


def toolbox(states: JsonObject, **members: Json) -> Toolbox:
    document: JsonObject = {
        "schema_version": "v2.2",
        "name_for_human": "Shop",
        "namespace": "shop",
        "description_for_human": "For people.",
        "functions": [{"name": "buy", "description": "Buys.", "states": states}, {"name": "look"}],
        **members,
    }
    return toolbox_of(read_document(document, location="plugin.json"))


def test_description_for_model_introduces_the_plugin() -> None:
    """Issue 2, 3; without it the description for people does."""
    assert "## Plugin Shop\nFor people." in reasoning_prompt(toolbox({}), "")
    prompt = reasoning_prompt(toolbox({}, description_for_model="Sells " + "x" * 5000), "Be kind.")
    assert "## Plugin Shop\nSells " in prompt
    assert "For people." not in prompt
    assert "Be kind." in prompt
    assert "x" * 2043 not in prompt


BUILT_IN = "Call `shop-buy` when the person asks for what its description says."


@pytest.mark.parametrize(
    ("instructions", "has", "has_not"),
    [
        (None, [BUILT_IN], []),
        ([], [BUILT_IN], []),
        ("", [BUILT_IN], []),
        (["First.", "Second."], [BUILT_IN, "- First.", "- Second."], []),
        ("\nOnly mine.\n", ["### `shop-buy`\nOnly mine."], [BUILT_IN]),
    ],
)
def test_a_string_replaces_the_built_in_text_and_an_array_adds_to_it(
    instructions: Json, has: list[str], has_not: list[str]
) -> None:
    """Spec 10.2.2."""
    prompt = reasoning_prompt(toolbox({"reasoning": {"instructions": instructions}}), "")
    assert all(text in prompt for text in has)
    assert not any(text in prompt for text in has_not)


@pytest.mark.parametrize("examples", [["`buy(1)`"], "`buy(1)`"])
def test_examples_are_included(examples: Json) -> None:
    """Spec 10.2.3."""
    assert "Examples:\n- `buy(1)`" in reasoning_prompt(toolbox({"reasoning": {"examples": examples}}), "")


def test_the_words_that_instructions_use_are_explained() -> None:
    prompt = reasoning_prompt(toolbox({}), "")
    assert all(f"`{word}`" in prompt for word in ("last_user_message", "turn_memory", "conversation_memory"))
    assert "withdraw" not in prompt
    assert "withdraw" in reasoning_prompt(toolbox({"disengaging": {}}), "")


def test_responding_has_the_instructions_of_the_functions_that_were_called_and_no_others() -> None:
    """Spec 5.2.5."""
    tools = toolbox({"reasoning": {"instructions": "R"}, "responding": {"description": "D", "instructions": ["S"]}})
    called = responding_prompt(tools.functions[:1], "", None)
    assert "### `shop-buy`\nD\n" in called
    assert "- S" in called
    assert "look" not in called
    assert "shop-buy" not in responding_prompt(tools.functions[1:], "", None)


def test_a_limit_is_told() -> None:
    assert "stopped by a limit (too much)" in responding_prompt((), "", "too much")


def test_disengaging_has_its_own_instructions() -> None:
    prompt = disengaging_prompt(toolbox({"disengaging": {"instructions": ["Wish luck."]}}), "")
    assert "- Wish luck." in prompt


@pytest.mark.parametrize("is_cited", [True, False])
def test_how_to_cite_is_told_where_a_function_may_give_citations(is_cited: bool) -> None:
    """Issue 5, line 2."""
    capabilities: JsonObject = {"response_semantics": {"data_path": "$"}} if is_cited else {}
    cited = toolbox({}, functions=[{"name": "look", "capabilities": capabilities}])
    assert ("list of sources" in reasoning_prompt(cited, "")) == is_cited
    assert ("list of sources" in responding_prompt(cited.functions, "", None, cites=is_cited)) == is_cited
