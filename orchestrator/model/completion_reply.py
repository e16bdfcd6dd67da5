"""A chat completion, put together from the chunks of its stream; pure.

Servers differ. Deltas of a call may come with an index, an id, both or neither; the id may change from delta to delta,
or be one for all calls; the index may be 0 for all calls; a call may come whole, and once more at the end. Members of a
type that makes no sense are passed over.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from orchestrator.errors import ModelError
from orchestrator.model.base import ModelCall, ReplyEnd, Usage
from orchestrator.model.endpoint import one_line
from runtimes.values import Json, JsonObject

MAX_REPLY_CHARS = 1_000_000
"""The longest text of one reply."""

MAX_CALLS = 128
"""How many calls one reply may have."""

MAX_ARGUMENT_CHARS = 1_000_000
"""The most arguments one reply may have, over all its calls."""

MAX_NAME_CHARS = 256
"""The longest id or name of a call; a longer id is replaced, a longer name cut."""

_DONE = b"[DONE]"
_CUT = {
    "length": "was cut off at the model's length limit; raise the limit at its server, or ask for less",
    "content_filter": "was withheld by the model's content filter; say it differently",
}


def _is_object(text: str) -> bool:
    try:
        return text.rstrip().endswith("}") and isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


@dataclass(slots=True, kw_only=True)
class _OpenCall:
    index: Json
    id: str
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        """The arguments so far."""
        return "".join(self.arguments)

    def is_before(self, id: str, name: str) -> bool:
        """A delta with this id and name belongs to another call, whatever its index."""
        if not name or not self.name:
            return False
        text = self.text.strip()
        return bool(id and id != self.id) or _is_object(text) or (not text and name != self.name)

    def is_repeated_by(self, index: Json, id: str, name: str, arguments: str) -> bool:
        """A delta tells this complete call again. Equal calls with neither index nor id are calls of their own."""
        is_addressed = index == self.index and id in {"", self.id} and (isinstance(index, int) or bool(id))
        if not is_addressed or name != self.name:
            return False
        text = self.text.strip()
        return arguments.strip() in {"", text} and _is_object(text)


def _text_of(value: Json) -> str:
    """A text, or the texts of a list of content parts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    parts = (part.get("text") for part in value if isinstance(part, dict) and part.get("type") == "text")
    return "".join(part for part in parts if isinstance(part, str))


def _arguments_of(value: Json) -> str:
    """The text of the arguments; some servers send the object itself."""
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return value if isinstance(value, str) else ""


def _object_of(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _count_of(value: Json) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def error_text(value: Json) -> str:
    """The words of an error document, or of what a server sends in its place; empty when there are none.

    They are the server's own, not yet fit for a message.
    """
    for member in ("error", "message", "detail"):
        value = value.get(member, value) if isinstance(value, dict) else value
    return value if isinstance(value, str) else ""


def error_code(value: Json) -> str:
    """The code of an error document; empty when there is none."""
    error = value.get("error", value) if isinstance(value, dict) else None
    return _text_of(error.get("code")) if isinstance(error, dict) else ""


class ReplyAssembly:
    """Takes the data of the stream's events, gives texts and, at the end, calls and usage.

    `source` names the model in messages; `quoted` makes the server's words fit for one.
    """

    def __init__(self, source: str, quoted: Callable[[str], str] = one_line) -> None:
        self._source = source
        self._quoted = quoted
        self._calls: list[_OpenCall] = []
        self._text_chars = 0
        self._argument_chars = 0
        self._finish_reason = ""
        self._usage: Usage | None = None
        self.is_done = False
        """The server has said that nothing follows."""

    @property
    def is_complete(self) -> bool:
        """Nothing that matters is missing, even if the stream breaks off here."""
        return self.is_done or bool(self._finish_reason)

    def add(self, payload: bytes) -> str:
        """The text that the payload adds. Raises: `ModelError`."""
        if not payload:
            return ""
        if payload.startswith(_DONE):
            self.is_done = True
            return ""
        return self._add_chunk(self._parsed(payload))

    def end(self) -> ReplyEnd:
        """The calls and the usage.

        Raises: `ModelError` where the reply was cut and its calls therefore cannot be trusted, or nothing is left.
        """
        is_useless = bool(self._calls) or not self._text_chars
        if is_useless and self._finish_reason in _CUT:
            raise ModelError(f"the reply of {self._source} {_CUT[self._finish_reason]}")
        ids: set[str] = set()
        calls: list[ModelCall] = []
        for call in self._calls:
            is_fit = call.id and call.id not in ids and len(call.id) <= MAX_NAME_CHARS
            call_id = call.id if is_fit else f"call_{secrets.token_hex(12)}"
            ids.add(call_id)
            arguments = call.text
            calls.append(ModelCall(id=call_id, tool=call.name, arguments=arguments if arguments.strip() else "{}"))
        return ReplyEnd(calls=tuple(calls), usage=self._usage)

    def _parsed(self, payload: bytes) -> JsonObject:
        try:
            chunk: Json = orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise ModelError(f"{self._source} sent a reply that is not JSON; check OPENAI_BASE_URL") from None
        if not isinstance(chunk, dict):
            raise ModelError(f"{self._source} sent a reply that is no JSON object; check OPENAI_BASE_URL")
        if chunk.get("error") or chunk.get("object") == "error":
            reason = self._quoted(error_text(chunk)) or "no reason given"
            raise ModelError(f"{self._source} broke the reply off: {reason}")
        return chunk

    def _add_chunk(self, chunk: JsonObject) -> str:
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self._usage = Usage(
                input_tokens=_count_of(usage.get("prompt_tokens")),
                output_tokens=_count_of(usage.get("completion_tokens")),
            )
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices:
            return ""
        choice = _object_of(choices[0])
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish_reason = reason
        return self._add_delta(_object_of(choice.get("delta")) or _object_of(choice.get("message")))

    def _add_delta(self, delta: JsonObject) -> str:
        calls = delta.get("tool_calls")
        if isinstance(calls, list):
            for call in calls:
                self._add_call(_object_of(call))
        text = _text_of(delta.get("content")) or _text_of(delta.get("refusal"))
        self._text_chars += len(text)
        if self._text_chars > MAX_REPLY_CHARS:
            raise ModelError(f"the reply of {self._source} is longer than {MAX_REPLY_CHARS} characters")
        return text

    def _add_call(self, delta: JsonObject) -> None:
        function = _object_of(delta.get("function"))
        name = _text_of(function.get("name"))[:MAX_NAME_CHARS]
        arguments = _arguments_of(function.get("arguments"))
        index, id = delta.get("index"), _text_of(delta.get("id"))
        if any(call.is_repeated_by(index, id, name, arguments) for call in self._calls):
            return
        call = self._call_for(index, id, name)
        call.name = call.name or name
        call.arguments.append(arguments)
        self._argument_chars += len(arguments)
        if self._argument_chars > MAX_ARGUMENT_CHARS:
            raise ModelError(f"the calls of {self._source} have more than {MAX_ARGUMENT_CHARS} characters of arguments")

    def _call_for(self, index: Json, id: str, name: str) -> _OpenCall:
        """The call that a delta belongs to, begun where there is none."""
        known = next((call for call in reversed(self._calls) if self._is_same(call, index, id, name)), None)
        if known is not None:
            known.id = known.id or id
            return known
        if len(self._calls) == MAX_CALLS:
            raise ModelError(f"the reply of {self._source} has more than {MAX_CALLS} calls")
        self._calls.append(_OpenCall(index=index, id=id))
        return self._calls[-1]

    def _is_same(self, call: _OpenCall, index: Json, id: str, name: str) -> bool:
        if call.is_before(id, name):
            return False
        if isinstance(index, int):
            return call.index == index
        if id:
            return call.id == id or not name
        return not name
