"""What a turn is expected to come to, as the member `expect` of a conversation file says it. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StrictInt, WithJsonSchema

from orchestrator.events import RefusalCode
from orchestrator.response.jsonpath import InvalidQuery, check_query
from orchestrator.signals import State
from orchestrator.testing.format.judge_question import JudgeQuestions
from orchestrator.testing.format.parts import (
    PATTERN_MARK,
    Claim,
    Exactly,
    Expressions,
    Listed,
    Membered,
    Part,
    Partially,
    Text,
    Texts,
    as_written,
    listed,
    many,
    read_open,
    short,
    stays_below,
)
from orchestrator.testing.format.patterns import Pattern, escaped
from runtimes.values import Json

CallStatus = Literal[
    "returned",
    "error",
    "asked",
    "sign_in",
    "refused",
    "denied",
    "declined",
    "expired",
    "edited",
    "failed",
    "unknown",
    "withdrawn",
    "any",
]
"""Where a call ended; `error` is an answer that reports a failure, `returned` any other answer."""

EndName = Literal["answered", "disengaged", "limit", "cancelled", "error", "waiting"]
"""How a turn ended; `waiting` means that a question or a sign-in is open."""

QuestionAnswer = Literal["approve", "decline", "edit", "expired", "open"]
"""How a question was answered, if it was."""

_LINE = re.compile(r"([A-Za-z]+) (/[^\s?]*)(?:\?(\S*))?")


class CallExpectation(Part):
    """A call of the turn, and where it ended."""

    call: str
    """The function; its name alone in the place of the object means that it was called and answered."""
    with_: Exactly = Field(default=None, alias="with")
    """The arguments it was judged with: all of them; `{$subset: …}` for some."""
    status: CallStatus = "returned"
    """Where it ended."""
    code: RefusalCode | None = None
    """Why it was refused."""
    reason: Claim | None = None
    """Words in what the policy, or a refusal, gives as reason."""
    result: Claim | None = None
    """Words in what the model was told of it."""


class RequestExpectation(Part):
    """An HTTP request, or a JSON-RPC frame, that went out."""

    method: str | None = None
    """In any case of its letters; `GET /a?b=c` in the place of the object gives method, path and query."""
    url: Claim | None = None
    """Words in the whole URL."""
    path: Exactly = None
    """The path of the URL, without percent-encoding."""
    query: Exactly = None
    """The parameters of the query, each a text, or a list of texts where it comes several times."""
    headers: dict[str, Membered] = Field(default_factory=dict[str, Pattern])
    """Some of the header fields, by name in any case of its letters."""
    body: Claim | None = None
    """Words in the body."""
    json_: Exactly = Field(default=None, alias="json")
    """The body as JSON."""
    rpc: str | None = None
    """The method of a JSON-RPC frame."""
    params: Exactly = None
    """The parameters of a JSON-RPC frame."""


class QuestionExpectation(Part):
    """A question that the person was asked, and the answer."""

    call: str
    """The function; its name alone may stand in the place of the object."""
    title: Claim | None = None
    """Words in the title."""
    body: Claim | None = None
    """Words in the text below the title."""
    destination: Claim | None = None
    """Words in where the arguments would go."""
    with_: Exactly = Field(default=None, alias="with")
    """The arguments that were shown."""
    reason: Claim | None = None
    """Words in why the person was asked."""
    answer: QuestionAnswer | None = None
    """What became of it."""


def _queries(paths: dict[str, Pattern]) -> dict[str, Pattern]:
    for query in paths:
        try:
            check_query(query)
        except InvalidQuery as error:
            raise ValueError(str(error)) from None
    return paths


Queries = Annotated[dict[str, Membered], AfterValidator(_queries)]


class CardExpectation(Part):
    """A card that was shown; all that is said must hold."""

    shows: Claim | None = None
    """Words on it, in any of its texts; a text alone in the place of the object means the same."""
    subset: Partially = None
    """A part of the card: objects may have more members, arrays more elements."""
    paths: Queries = Field(default_factory=dict[str, Pattern])
    """JSONPath queries; one of the values that each selects is to fit."""
    snapshot: Annotated[str, AfterValidator(stays_below)] | None = None
    """A JSON file with the whole card, in the folder of this one or below it; it is written by `--update`."""


class PromptExpectation(Part):
    """What the model was given to read. Without `request`, the prompts of the turn are looked at together."""

    request: StrictInt | None = Field(default=None, ge=1)
    """Which request of the turn, from 1."""
    state: State | None = None
    """Only requests of this state."""
    contains: Texts = ()
    """Parts that one of the prompts has; a text, or a list, in the place of the object means the same."""
    regex: Expressions = ()
    """Regular expressions that are found in one of them."""
    not_: Texts = Field(default=(), alias="not")
    """Parts that none of them has."""
    not_regex: Expressions = ()
    """Regular expressions that are found in none of them."""

    @property
    def text(self) -> Text:
        """The same of one text."""
        return Text.model_validate(
            {"contains": self.contains, "regex": self.regex, "not": self.not_, "not_regex": self.not_regex}
        )


class EndExpectation(Part):
    """How the turn ended."""

    reason: EndName
    """`waiting` means that a question is open; the word alone may stand in the place of the object."""
    detail: Claim | None = None
    """Words in what the person is told of an error or a limit."""


def _request(value: object) -> object:
    if not isinstance(value, str):
        return value
    line = _LINE.fullmatch(value)
    if line is None:
        raise ValueError("a request in one line is a method and a path, such as 'GET /listings?city=Seattle'")
    members: dict[str, Json] = {"method": line[1], "path": line[2]}
    if line[3] is not None:
        members["query"] = escaped(query_of(line[3]))
    return members


def query_of(text: str) -> dict[str, Json]:
    """The parameters of a query: a text each, or a list of texts for a name that comes several times."""
    values: dict[str, list[Json]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=None):
        values.setdefault(name, []).append(value)
    return {name: one[0] if len(one) == 1 else one for name, one in values.items()}


def _titled(value: Json | Pattern) -> Pattern:
    return read_open({"title": value} if isinstance(value, str) else value)


def _of_kind(value: Json | Pattern) -> Pattern:
    return read_open({"kind": value} if isinstance(value, str) else value)


def _prompts(value: object) -> object:
    return tuple({"contains": one} if isinstance(one, str) else one for one in many(value))


def _tokens(value: Json | Pattern) -> Pattern:
    is_total = isinstance(value, int) or (isinstance(value, dict) and any(name.startswith("$") for name in value))
    return read_open({"total": value} if is_total and not isinstance(value, Pattern) else value)


_schema = WithJsonSchema({"anyOf": [{"type": "string"}, {PATTERN_MARK: True}]})

AnyCall = Annotated[CallExpectation, BeforeValidator(short("call"), json_schema_input_type=str | CallExpectation)]
AnyRequest = Annotated[RequestExpectation, BeforeValidator(_request, json_schema_input_type=str | RequestExpectation)]
AnyQuestion = Annotated[
    QuestionExpectation, BeforeValidator(short("call"), json_schema_input_type=str | QuestionExpectation)
]
AnyCard = Annotated[CardExpectation, BeforeValidator(short("shows"), json_schema_input_type=str | CardExpectation)]
AnyCitation = Annotated[Pattern, PlainValidator(_titled), as_written, _schema]
AnyEvent = Annotated[Pattern, PlainValidator(_of_kind), as_written, _schema]


Calls = Annotated[
    Listed[AnyCall], BeforeValidator(listed, json_schema_input_type=AnyCall | tuple[AnyCall, ...] | Listed[AnyCall])
]
Requests = Annotated[
    Listed[AnyRequest],
    BeforeValidator(listed, json_schema_input_type=AnyRequest | tuple[AnyRequest, ...] | Listed[AnyRequest]),
]
Questions = Annotated[
    Listed[AnyQuestion],
    BeforeValidator(listed, json_schema_input_type=AnyQuestion | tuple[AnyQuestion, ...] | Listed[AnyQuestion]),
]
Citations = Annotated[
    Listed[AnyCitation],
    BeforeValidator(listed, json_schema_input_type=AnyCitation | tuple[AnyCitation, ...] | Listed[AnyCitation]),
]
Cards = Annotated[
    Listed[AnyCard], BeforeValidator(listed, json_schema_input_type=AnyCard | tuple[AnyCard, ...] | Listed[AnyCard])
]
Ending = Annotated[
    EndExpectation,
    BeforeValidator(short("reason"), json_schema_input_type=EndName | EndExpectation),
]
Prompts = Annotated[
    tuple[PromptExpectation, ...],
    BeforeValidator(_prompts, json_schema_input_type=str | PromptExpectation | tuple[str | PromptExpectation, ...]),
]
Tokens = Annotated[
    Pattern | None,
    PlainValidator(_tokens),
    as_written,
    WithJsonSchema({"anyOf": [{"type": "integer"}, {PATTERN_MARK: True}]}),
]
Events = Annotated[tuple[AnyEvent, ...], BeforeValidator(many, json_schema_input_type=AnyEvent | tuple[AnyEvent, ...])]


class Expect(Part):
    """What a turn is expected to come to. What is not mentioned is not looked at, but for what always fails."""

    text: Claim | None = None
    """The answer."""
    calls: Calls | None = None
    """The calls of the turn; a plain list names all of them, in order."""
    requests: Requests | None = None
    """The HTTP requests and JSON-RPC frames that went out."""
    questions: Questions | None = None
    """The questions that the person was asked."""
    citations: Citations | None = None
    """The citations, each by its title or by some of its members."""
    cards: Cards | None = None
    """The cards that were shown."""
    events: Events = ()
    """Facts and signals in this order, each by its kind or by some of its members; others may come between."""
    end: Ending | None = None
    """How the turn ended; without it, `answered` or `disengaged`."""
    state: State | None = None
    """The last state of the turn."""
    model_requests: Partially = None
    """How many replies the model was asked for."""
    tokens: Tokens = None
    """The tokens of the turn: `input`, `output` and `total`; a number alone is the total."""
    prompts: Prompts = ()
    """What the model was given to read."""
    judge: JudgeQuestions = ()
    """Questions that are put to a model about the turn, with `--live` only."""


def snapshot_files(expect: Expect) -> tuple[str, ...]:
    """The snapshot files that the expectations name."""
    return tuple(card.snapshot for card in expect.cards.items if card.snapshot is not None) if expect.cards else ()
