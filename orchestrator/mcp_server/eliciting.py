"""Questions to the person as a client puts them: elicitation, of the handshake era and of the one after it.

Of both it knows only what is asked and what is answered; who waits for the answer stands in `serving`.
"""

from __future__ import annotations

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from orchestrator.render.sanitize import clean_line
from runtimes.questions import LiveAnswer, LiveQuestion
from runtimes.values import JsonObject

QUESTION = "question"
"""The name of a question among what a request of the later era still needs."""

MAX_REASON = 200
"""Characters of why a client could not ask."""

_YES_OR_NO: JsonObject = {"type": "object", "properties": {}}
"""A form with nothing to fill in: submitting it is a yes."""


def can_ask(capabilities: types.ClientCapabilities | None) -> bool:
    """True for a client that can show a form; one that names no way of asking means that one."""
    ways = capabilities.elicitation if capabilities is not None else None
    return ways is not None and (ways.form is not None or ways.url is None)


def can_lead(capabilities: types.ClientCapabilities | None) -> bool:
    """True for a client that can lead a person to a page."""
    ways = capabilities.elicitation if capabilities is not None else None
    return ways is not None and ways.url is not None


def as_request(question: LiveQuestion) -> types.ElicitRequest:
    """The question as a client is given it."""
    message = f"{question.title}\n{question.text}" if question.title else question.text
    if question.url:
        return types.ElicitRequest(params=types.ElicitRequestURLParams(message=message, url=question.url))
    form = dict(question.form) if question.form is not None else dict(_YES_OR_NO)
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=form))


def as_answer(given: object) -> LiveAnswer:
    """What a client says that the person has done."""
    if not isinstance(given, types.ElicitResult):
        return LiveAnswer(action="cancel", reason="the client gave no answer to the question")
    if given.action != "accept" or given.content is None:
        return LiveAnswer(action=given.action)
    content: JsonObject = {
        name: [*value] if isinstance(value, list) else value for name, value in given.content.items()
    }
    return LiveAnswer(action="accept", content=content)


async def elicited(context: ServerRequestContext, question: LiveQuestion) -> LiveAnswer:
    """Asks on the connection of a request of the handshake era, and waits for the answer."""
    asked = as_request(question).params
    session, related = context.session, context.request_id
    try:
        if isinstance(asked, types.ElicitRequestURLParams):
            number = str(related)
            given = await session.elicit_url(asked.message, asked.url, number, related_request_id=related)
        else:
            given = await session.elicit_form(asked.message, asked.requested_schema, related_request_id=related)
        return as_answer(given)
    except MCPError as error:
        reason = f"the client could not ask: {clean_line(error.error.message)[:MAX_REASON]}"
        return LiveAnswer(action="cancel", reason=reason)
    except (ValidationError, ValueError):
        return LiveAnswer(action="cancel", reason="the client's answer is not one to a question")
