"""The arguments of a call as text that the person edits, and back; what was typed unseen stays so. Pure."""

from __future__ import annotations

from orchestrator.errors import UsageError
from orchestrator.render.sanitize import plain_json
from orchestrator.reply import Question
from orchestrator.response.unseen import UNSEEN, masked
from runtimes.values import InvalidJson, JsonObject, dump_json, parse_json, pretty_json

MAX_ON_ONE_LINE = 50
"""Characters of arguments that are shown or edited on one line; longer ones have a line for each member."""
MAX_EDITED = 16 * 1024
"""Characters of arguments that can be edited at a terminal."""


def draft_of(question: Question) -> str:
    """The text to begin with. Raises: `UsageError` when there is too much of it to be edited."""
    arguments = masked(question.arguments, question.secret)
    text = plain_json(dump_json(arguments))
    if len(text) > MAX_EDITED:
        raise UsageError(
            f"the arguments are longer than {MAX_EDITED} characters, too long to be edited here; "
            "say what to change with n WHY"
        )
    return text if len(text) <= MAX_ON_ONE_LINE else plain_json(pretty_json(arguments))


def edited(text: str, question: Question) -> JsonObject:
    """The arguments that the text says, with what was typed unseen where its mark was left.

    Raises: `UsageError` for a text that is no JSON object.
    """
    try:
        value = parse_json(text)
    except InvalidJson as error:
        raise UsageError(f"this is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UsageError('the arguments stand in braces, such as {"city": "Seattle"}')
    return {
        name: question.arguments[name] if member == UNSEEN and name in question.secret else member
        for name, member in value.items()
    }


def without_unseen(message: str, question: Question) -> str:
    """A message about the arguments that does not quote what was typed unseen."""
    for name in question.secret:
        if text := str(question.arguments.get(name, "")):
            message = message.replace(text, UNSEEN)
    return message
