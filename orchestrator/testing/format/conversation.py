"""A conversation file as types: its turns, what is said in them, and what the model does. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictInt,
    model_validator,
)

from orchestrator.signals import State
from orchestrator.testing.format.expectations import Expect
from orchestrator.testing.format.parts import Part, many, not_empty, short
from orchestrator.testing.format.settings import Settings
from runtimes.values import Json, JsonObject

_SOME = Field(json_schema_extra={"minItems": 1})


class FileSource(Part):
    """A file that comes with what is said."""

    file: str
    """Where it is, relative to this file; it may stand alone in the place of the object."""
    name: str | None = None
    """What it is called; without it, by its own name."""
    media_type: str | None = None


class Message(Part):
    """What the person says, or chooses on a card."""

    text: str | None = None
    """Alone in the place of the object it means the same."""
    attachments: Annotated[
        tuple[Annotated[FileSource, BeforeValidator(short("file"), json_schema_input_type=str | FileSource)], ...],
        BeforeValidator(many, json_schema_input_type=str | FileSource | tuple[str | FileSource, ...]),
    ] = ()
    choose: str | None = None
    """The title of an action on a card of the turn before."""
    card: StrictInt = Field(default=1, ge=1)
    """Which of its cards, from 1."""
    inputs: JsonObject = Field(default_factory=dict[str, Json])
    """What is put into the inputs of the card, by their ids."""

    @model_validator(mode="after")
    def _is_one(self) -> Message:
        if (self.text is None) == (self.choose is None):
            raise ValueError("give either 'text' or 'choose'")
        if self.choose is None and not {"card", "inputs"}.isdisjoint(self.model_fields_set):
            raise ValueError("'card' and 'inputs' go with 'choose'")
        return self


class TokenCount(Part):
    """What the model's server would say that a reply costs."""

    input: StrictInt = Field(default=0, ge=0)
    output: StrictInt = Field(default=0, ge=0)


class ModelCall(Part):
    """A call of a reply."""

    call: str
    """The name of a function, or of a tool."""
    with_: JsonObject | str = Field(default_factory=dict[str, Json], alias="with")
    """The arguments; a text is sent as it is, to play a confused model."""


class Step(Part):
    """One reply of the model: a text, calls, or both. A text alone in the place of the object means the same."""

    text: str | None = None
    call: str | None = None
    """One call, with `with` for its arguments."""
    with_: JsonObject | str | None = Field(default=None, alias="with")
    """The arguments of `call`; a text is sent as it is, to play a confused model."""
    calls: tuple[ModelCall, ...] = ()
    """Several calls of one reply."""
    phrase: str | None = None
    """The sentence for a person, where a plugin asks the model to write one."""
    in_: State | None = Field(default=None, alias="in")
    """The state that the reply must be asked for in; without it, any."""
    tokens: TokenCount | None = None
    set_aside: bool = False
    """It has calls that data of earlier turns stands in the way of; where the model is then asked again, the next step
    replies. Without it, this one replies once more."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Step:
        if self.with_ is not None and self.call is None:
            raise ValueError("'with' goes with 'call'")
        if self.call is not None and self.calls:
            raise ValueError("give either 'call' or 'calls'")
        if (self.text is not None or bool(self.every_call)) == (self.phrase is not None):
            raise ValueError("a step has 'text', 'call' or 'calls', or 'phrase' alone")
        if self.set_aside and not self.every_call:
            raise ValueError("'set_aside' goes with 'call' or 'calls'")
        return self

    @property
    def every_call(self) -> tuple[ModelCall, ...]:
        """The calls of the reply, one or many."""
        if self.call is None:
            return self.calls
        return (ModelCall.model_validate({"call": self.call, "with": {} if self.with_ is None else self.with_}),)


class Decision(Part):
    """The person's answer to a question."""

    answer: Literal["approve", "decline", "edit"]
    """Alone in the place of the object it means the same."""
    call: str | None = None
    """The function that the question is about; without it, the next question."""
    with_: JsonObject | None = Field(default=None, alias="with")
    """For `edit`: the arguments that run in the place of those that were asked about."""
    note: str = ""
    """What the person adds."""
    always: bool = False
    """For `approve`: the function is allowed from now on, where the question offers that."""
    every: bool = False
    """It answers all questions that nothing before it answers; so does a word that is no list."""

    @model_validator(mode="after")
    def _edits(self) -> Decision:
        if (self.answer == "edit") != (self.with_ is not None):
            raise ValueError("'edit' and 'with' go together")
        if self.always and self.answer != "approve":
            raise ValueError("'always' goes with 'approve'")
        return self


def _decisions(value: object) -> object:
    if isinstance(value, str):
        return ({"answer": value, "every": True},)
    return tuple(map(short("answer"), many(value)))


class Turn(Part):
    """What the person says, what the model does, and what is to come of it."""

    say: Annotated[Message, BeforeValidator(short("text"), json_schema_input_type=str | Message)] | None = None
    """Without it the turn before goes on: its questions are answered."""
    clock: AwareDatetime | None = None
    """What time it is from this turn on."""
    model: Annotated[
        tuple[Annotated[Step, BeforeValidator(short("text"), json_schema_input_type=str | Step)], ...],
        BeforeValidator(many, json_schema_input_type=str | Step | tuple[str | Step, ...]),
    ] = ()
    """The replies of the model, in order; each must be asked for, and no others."""
    decide: Annotated[
        tuple[Decision, ...],
        BeforeValidator(
            _decisions,
            json_schema_input_type=Literal["approve", "decline"]
            | Decision
            | tuple[Literal["approve", "decline"] | Decision, ...],
        ),
    ] = ()
    """The person's answers to questions, in the order they come up."""
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _does_something(self) -> Turn:
        if self.say is None and not self.decide:
            raise ValueError("a turn has 'say', or 'decide' for the questions of the turn before")
        return self


Turns = Annotated[tuple[Turn, ...], AfterValidator(not_empty), _SOME]


class Conversation(Settings):
    """One conversation, complete: its own settings and those that it shares."""

    name: str = ""
    turns: Turns


Parameters = Annotated[tuple[JsonObject, ...], AfterValidator(not_empty), _SOME]


class ConversationEntry(Settings):
    """One conversation of a file with several."""

    name: str = ""
    """Without it, the name of the file and a number."""
    parameters: Parameters | None = None
    """A table: each row is a conversation of its own, and fills the `$(name)` placeholders in it."""
    turns: Turns


class ConversationFile(Settings):
    """A conversation, or several that share what stands beside them."""

    name: str = ""
    """Without it, the name of the file."""
    parameters: Parameters | None = None
    """A table: each row is a conversation of its own, and fills the `$(name)` placeholders in it."""
    turns: Turns | None = None
    """Of the only conversation."""
    conversations: Annotated[tuple[ConversationEntry, ...], AfterValidator(not_empty), _SOME] | None = None
    """Of a file with several."""
