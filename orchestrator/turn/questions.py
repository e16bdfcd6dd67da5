"""The question a person is asked before a call: the plugin's words, rendered, and a fingerprint of what is approved."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from orchestrator.content import AttachedFile
from orchestrator.errors import ModelError
from orchestrator.events import CallAsked, TurnStarted
from orchestrator.model.base import ChatModel, PhraseRequest
from orchestrator.response.unseen import masked, unseen_in
from orchestrator.tools.attachments import named_files
from orchestrator.tools.toolbox import BoundFunction
from orchestrator.turn.state import CallState
from runtimes.values import Json, JsonObject, canonical_json

QUESTION_LIFETIME = 7 * 24 * 3600.0
"""Seconds in which a question may be answered."""

MAX_QUESTION_TEXT = 4096
"""Characters of a title or a body (spec 3.2)."""

_PHRASE = (
    "Write one short question that asks the person whether this function may be called now with these arguments. "
    "Name what would change. Write only the question, in {language}."
)


def fingerprint(call_id: str, function: BoundFunction, arguments: JsonObject) -> str:
    """A hash over all that an approval holds for: any difference at dispatch makes a new question."""
    bound: list[Json] = [
        call_id,
        function.plugin.namespace,
        function.name,
        arguments,
        function.plugin.digest,
        function.signature.fingerprint,
        function.signature.destination,
    ]
    return hashlib.sha256(canonical_json(bound).encode()).hexdigest()


async def _phrase(model: ChatModel, function: BoundFunction, arguments: JsonObject, locale: str | None) -> str:
    language = f"the language `{locale}`" if locale else "the language of the arguments"
    data: JsonObject = {
        "plugin": function.plugin.manifest.name_for_human,
        "function": function.name,
        "description": function.declaration.description or function.signature.description,
        "arguments": arguments,
    }
    try:
        return await model.phrase(PhraseRequest(instruction=_PHRASE.format(language=language), data=data))
    except ModelError:
        return f"May {function.plugin.manifest.name_for_human} run {function.name}?"


async def _render(
    template: str, model: ChatModel, function: BoundFunction, arguments: JsonObject, locale: str | None
) -> str:
    """Liquid over `function.parameters`; `{{ ''|model_generated }}` becomes one sentence of the model."""
    if "{" not in template:
        return template
    from runtimes.liquid import TemplateError, render

    mark = f"[{secrets.token_hex(8)}]"
    variables: JsonObject = {**arguments, "function": {"name": function.name, "parameters": arguments}}

    def model_generated(_: object) -> str:
        return mark

    try:
        text = render(template, variables, filters={"model_generated": model_generated})
    except TemplateError:
        return template
    return text.replace(mark, await _phrase(model, function, arguments, locale)) if mark in text else text


async def ask(
    call: CallState,
    function: BoundFunction,
    model: ChatModel,
    started: TurnStarted,
    *,
    now: float,
    attachments: Mapping[str, AttachedFile] | None = None,
) -> CallAsked:
    """The question for a call; `now` is in seconds since the epoch, `started` begins the call's turn.

    It calls the files of the conversation (`attachments`, by id) by their names, and has nothing of what was typed
    unseen on a card. Without a `confirmation.body` the
    function's description is the question (as the published hosts do).
    """
    confirmation = function.declaration.capabilities.confirmation
    description = function.declaration.description or function.signature.description
    title = (confirmation.title if confirmation else None) or function.plugin.manifest.name_for_human
    body = (confirmation.body if confirmation else None) or description or f"Run {function.name}?"
    told = masked(call.arguments, unseen_in(call.arguments, started.action))
    arguments, files = named_files(told, function.signature, attachments or {})
    return CallAsked(
        call_id=call.call_id,
        fingerprint=fingerprint(call.call_id, function, call.arguments),
        title=(await _render(title, model, function, arguments, started.locale)).strip()[:MAX_QUESTION_TEXT],
        body=(await _render(body, model, function, arguments, started.locale)).strip()[:MAX_QUESTION_TEXT],
        destination=function.signature.destination,
        expires=now + QUESTION_LIFETIME,
        attachments=files,
    )
