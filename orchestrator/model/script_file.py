"""The file format of a script: YAML or JSON, `turns:` with what the person says and the steps of the model.

    turns:
      - user: Find three-bedroom homes in Seattle
        model:
          - call: {name: getListings, arguments: {city: Seattle, bedrooms: 3}}
          - say: There are two.

A step has `say`, `call` (one, or a list of parallel ones), both, or `phrase`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from orchestrator.errors import UsageError
from orchestrator.model.scripted import Call, Calls, Phrase, Say, ScriptTurn, Step
from runtimes.documents import DocumentError, parse_document
from runtimes.values import Json, JsonObject

MAX_SCRIPT_BYTES = 4 * 1024 * 1024
"""The longest script that is read."""


def _as_list(value: Json) -> Json:
    return [value] if isinstance(value, dict) else value


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _CallEntry(_Entry):
    name: str
    arguments: JsonObject | str = Field(default_factory=dict[str, Json])


class _StepEntry(_Entry):
    say: str | None = None
    call: Annotated[list[_CallEntry], BeforeValidator(_as_list)] = Field(default_factory=list[_CallEntry])
    phrase: str | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> _StepEntry:
        has_reply = self.say is not None or bool(self.call)
        if has_reply == (self.phrase is not None):
            raise ValueError("a step has `say`, `call`, both of them, or `phrase` alone")
        return self

    def as_step(self) -> Step:
        """The step that the entry stands for."""
        if self.phrase is not None:
            return Phrase(self.phrase)
        if not self.call:
            return Say(self.say or "")
        return Calls(tuple(Call(call.name, call.arguments) for call in self.call), text=self.say or "")


class _TurnEntry(_Entry):
    user: str
    model: list[_StepEntry] = Field(default_factory=list[_StepEntry])


class _ScriptEntry(_Entry):
    turns: list[_TurnEntry] = Field(min_length=1)


def _member(location: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".") or "the script"


def _problems(error: ValidationError) -> list[str]:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    texts = ((detail["loc"], detail["msg"].removeprefix("Value error, ")) for detail in details)
    return [f"{_member(location)}: {text[:1].lower()}{text[1:]}" for location, text in texts]


def parse_script(data: bytes, name: str) -> tuple[ScriptTurn, ...]:
    """The turns of a script. Raises: `UsageError` with one line for each problem."""
    try:
        script = _ScriptEntry.model_validate(parse_document(data, name))
    except DocumentError as error:
        raise UsageError(str(error)) from error
    except ValidationError as error:
        raise UsageError("\n".join(f"{name}: {problem}" for problem in _problems(error))) from error
    return tuple(
        ScriptTurn(user=turn.user, steps=tuple(entry.as_step() for entry in turn.model)) for turn in script.turns
    )


def read_script(path: str) -> tuple[ScriptTurn, ...]:
    """The turns of a script file. Raises: `UsageError`."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read the script {path!r}: {error.strerror}") from error
    if len(data) > MAX_SCRIPT_BYTES:
        raise UsageError(f"the script {path!r} is longer than {MAX_SCRIPT_BYTES} bytes")
    return parse_script(data, path)
