"""What a host and a plugin program say to each other beside the plugin's own functions: names and typed readings. Pure.

Whatever a program sends as parameters becomes one of the types here, or an `InvalidDemand` that says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from runtimes.local.messages import INVALID_PARAMS, METHOD_NOT_FOUND, answered_id
from runtimes.questions import MAX_QUESTION_CHARS, MAX_TITLE_CHARS, LiveAnswer, LiveQuestion
from runtimes.values import Json, JsonObject

PROTOCOL = 1
"""The version of this contract, told with `initialize`."""

INITIALIZE = "initialize"
"""Asked right after the start; a program need not know it."""
SHUTDOWN = "shutdown"
"""Asked before the end, of a program that has answered `INITIALIZE` with a result."""
PROGRESS = "$/progress"
"""The notification with which a program says what it is doing: `id` of the request and `message`."""
CONFIRM = "host/confirm"
"""A program asks for a yes or a no."""
ASK = "host/ask"
"""A program asks for the members of a form."""
TELL = "host/message"
"""A program says something to the person, and is answered that it has been taken."""
OFFERS = (CONFIRM, ASK, TELL)

REQUEST_CANCELLED = -32800
"""The error code for a request that has been withdrawn, or whose call is over."""

MAX_FORM_MEMBERS = 20
"""How many things one question may ask for."""
MAX_SHOWN_CHARS = 60
"""How much of a name that a program made up is quoted in an error."""

_NAME = "plugin-orchestrator"


class InvalidDemand(Exception):
    """A request of a program that cannot be carried out; the message says what is wrong with it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something to be shown to the person."""

    call: int | None
    """The request that it belongs to; None where the program leaves that to us."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something to be asked of the person."""

    call: int | None
    question: LiveQuestion


def introduction() -> JsonObject:
    """The parameters of `INITIALIZE`."""
    try:
        ours = version(_NAME)
    except PackageNotFoundError:  # run from a folder that is not installed
        ours = "0"
    return {"protocol": PROTOCOL, "host": {"name": _NAME, "version": ours}, "offers": list(OFFERS)}


def printable(text: str, limit: int) -> str:
    """The text as it may be shown: bounded, in one line, without characters that steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text[:limit])


def printable_lines(text: str, limit: int) -> str:
    """The same with its lines."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text[:limit])


def _wrong(reason: str) -> InvalidDemand:
    return InvalidDemand(INVALID_PARAMS, reason)


def _text(params: JsonObject, name: str) -> str:
    value = params.get(name, "")
    if not isinstance(value, str):
        raise _wrong(f"{name!r} is no text")
    return value


def _call(params: JsonObject) -> int | None:
    if "call" not in params:
        return None
    number = answered_id(params["call"])
    if number is None:
        raise _wrong("'call' is no id of a request; give the id of the request that it belongs to")
    return number


def _form(value: Json) -> JsonObject:
    """A form as far as every host takes one: which members a person can be asked for, whoever asks them knows."""
    if not isinstance(value, dict) or value.get("type", "object") != "object":
        raise _wrong("'form' is no JSON Schema of an object")
    members = value.get("properties")
    if not isinstance(members, dict) or not 0 < len(members) <= MAX_FORM_MEMBERS:
        raise _wrong(f"'form' needs 'properties', from 1 to {MAX_FORM_MEMBERS} of them")
    return value


def read_demand(method: str, params: Json) -> Told | Asked:
    """What a program wants of its host.

    Raises: `InvalidDemand`, with the error code that says so.
    """
    if method not in OFFERS:
        shown = printable(method, MAX_SHOWN_CHARS)
        raise InvalidDemand(METHOD_NOT_FOUND, f"the host has no method {shown!r}; it has {', '.join(OFFERS)}")
    if not isinstance(params, dict):
        raise _wrong("give the parameters by name, as an object")
    call, text = _call(params), printable_lines(_text(params, "text"), MAX_QUESTION_CHARS)
    if not text.strip():
        raise _wrong("'text' is missing or empty: say what the person is to know")
    if method == TELL:
        return Told(call=call, text=text)
    title = printable(_text(params, "title"), MAX_TITLE_CHARS)
    form = _form(params.get("form")) if method == ASK else None
    return Asked(call=call, question=LiveQuestion(text=text, title=title, form=form))


def written_answer(answer: LiveAnswer, question: LiveQuestion) -> JsonObject:
    """The result that a question is answered with."""
    result: JsonObject
    if question.form is None:
        result = {"approved": answer.action == "accept"}
    else:
        result = {"action": answer.action}
        if answer.action == "accept":
            result["content"] = answer.content
    if answer.reason:
        result["reason"] = answer.reason
    return result
