"""Issue 7, confirmation: what a person is asked about one call, in their language, and what the model is told of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from orchestrator import load_plugin
from orchestrator.content import CardAction
from orchestrator.errors import ModelError
from orchestrator.events import CallAsked, TurnStarted
from orchestrator.model.base import ModelCall, ModelDelta, PhraseRequest, ReasoningRequest, RespondingRequest
from orchestrator.turn.questions import MAX_SENTENCE, ask
from orchestrator.turn.state import CallState
from runtimes.values import Json, JsonObject, dump_json
from tests.orchestrator.turn.toolboxes import toolbox_of


class Phrasing:
    """A model that writes one sentence, or fails to."""

    name = "phrasing"

    def __init__(self, sentence: str | None = "May it?") -> None:
        self._sentence = sentence
        self.requests: list[PhraseRequest] = []

    def reason(self, request: ReasoningRequest, /) -> AsyncIterator[ModelDelta]:
        raise NotImplementedError

    def respond(self, request: RespondingRequest, /) -> AsyncIterator[ModelDelta]:
        raise NotImplementedError

    async def phrase(self, request: PhraseRequest, /) -> str:
        self.requests.append(request)
        if self._sentence is None:
            raise ModelError("the model is away")
        return self._sentence


def manifest(confirmation: Json, **members: Json) -> JsonObject:
    function: JsonObject = {
        "name": "buy",
        "description": "Buys {{count}} things.",
        "parameters": {"properties": {"count": {"type": "integer"}, "note": {"type": "string"}}},
        "capabilities": {"confirmation": confirmation} if confirmation is not None else {},
    }
    return {
        "schema_version": "v2.2",
        "name_for_human": "Shop",
        "namespace": "shop",
        "description_for_human": "A shop.",
        "functions": [function],
        **members,
    }


async def asked(
    document: JsonObject,
    arguments: JsonObject,
    model: Phrasing | None = None,
    *,
    languages: dict[str, dict[str, str]] | None = None,
    started: TurnStarted | None = None,
) -> CallAsked:
    said = started or TurnStarted(text="a secret of the conversation", person="me", documents={})
    toolbox = toolbox_of(await load_plugin(document, languages=languages or {})).in_language(said.locale)
    request = ModelCall(id="1", tool="shop-buy", arguments=dump_json(arguments))
    call = CallState(call_id="c", request=request, plugin="shop", function="buy", arguments=arguments)
    return await ask(call, toolbox.find("buy"), model or Phrasing(None), said, now=0.0)


async def test_title_and_body_are_filled_with_the_arguments() -> None:
    document = manifest({"title": "Buy {{function.parameters.count}}?", "body": "* **Note**: ${note}"})
    question = await asked(document, {"count": 2, "note": "{{count}}"})
    assert (question.title, question.body) == ("Buy 2?", "* **Note**: {{count}}")


async def test_title_and_body_are_in_the_language_of_the_conversation() -> None:
    document = manifest({"title": "[[title]]", "body": "[[body]]"})
    languages = {
        "en": {"title": "Buy?", "body": "Buy {{function.parameters.count}} things?"},
        "fr": {"title": "Acheter ?", "body": "Acheter {{function.parameters.count}} choses ?"},
    }
    started = TurnStarted(text="x", person="me", documents={}, locale="fr-CA")
    question = await asked(document, {"count": 2}, languages=languages, started=started)
    assert (question.title, question.body) == ("Acheter ?", "Acheter 2 choses ?")


@pytest.mark.parametrize("confirmation", [None, {"type": "AdaptiveCard"}, {"body": "{{nothing}}", "title": "${no}"}])
async def test_without_words_of_its_own_the_description_asks_as_it_is(confirmation: Json) -> None:
    question = await asked(manifest(confirmation), {"count": 2})
    assert (question.title, question.body) == ("Shop", "Buys {{count}} things.")


async def test_the_model_writes_from_the_arguments_alone_and_in_the_language() -> None:
    model = Phrasing("Acheter {{count}} ?")
    started = TurnStarted(text="a secret of the conversation", person="me", documents={}, locale="fr")
    question = await asked(manifest({"body": "{{ ''|model_generated }} !"}), {"count": 2}, model, started=started)
    assert question.body == "Acheter {{count}} ? !"
    (request,) = model.requests
    assert request.data == {"plugin": "Shop", "function": "buy", "arguments": {"count": 2}}
    assert "`fr`" in request.instruction
    assert "secret" not in request.instruction


async def test_a_model_that_fails_leaves_a_plain_question() -> None:
    question = await asked(manifest({"body": "{{ ''|model_generated }}"}), {"count": 2}, Phrasing(None))
    assert question.body == "May Shop run buy?"


async def test_a_sentence_is_cut_and_its_hidden_characters_are_seen() -> None:
    long = await asked(manifest({"body": "{{''|model_generated}}"}), {}, Phrasing("x" * 5000))
    assert len(long.body) == MAX_SENTENCE
    question = await asked(manifest({"title": "a\u202eb", "body": "{{note}}"}), {"note": "\u200bc\x1b[2J"})
    assert (question.title, question.body) == ("a<U+202E>b", "<U+200B>c")


async def test_what_was_typed_unseen_is_in_no_text_and_in_no_request() -> None:
    model = Phrasing()
    action = CardAction(call_id="c0", title="Go", data={"note": "pw"}, secret=("note",))
    started = TurnStarted(text="Go", person="me", documents={}, action=action)
    document = manifest({"title": "{{note}}", "body": "{{''|model_generated}}"})
    question = await asked(document, {"count": 1, "note": "pw"}, model, started=started)
    assert question.title == "•••"
    assert model.requests[0].data["arguments"] == {"count": 1, "note": "•••"}
