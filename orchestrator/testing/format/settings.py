"""What there is before the first word of a conversation: plugins, programs, the person, and who answers calls. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    model_validator,
)

from orchestrator.policy.rules import Mode
from orchestrator.testing.format.parts import Exactly, Part, Texts, check_expressions, many, short, stays_below
from orchestrator.testing.format.patterns import compiled
from orchestrator.testing.format.policy_setting import PolicySetting
from runtimes.local_endpoint import MAX_OPEN_FILES, Framing
from runtimes.values import Json

TABLES = ("services", "local", "environment", "credentials")
"""Settings of which a conversation adds to those it shares; the others it replaces."""

MAX_DELAY = 25.0
"""Seconds that a stub may wait before it answers: less than a call may take (`runtimes.base.CALL_TIMEOUT`)."""

READY_SECONDS = 30.0
"""Seconds that a service has to say where it listens, unless its settings give it others."""

MAX_READY_SECONDS = 600.0
"""Seconds that they may give it."""

TEMPORARY_FOLDER = "TEMPORARY_FOLDER"
"""The placeholder for a folder that the programs of one conversation have to themselves, and that goes away."""

CASSETTE_SUFFIX = ".cassette.yaml"
"""How the name of a recording ends."""

_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")

Method = Literal["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]
"""The methods that operations of a description have, and redirects."""

Fault = Literal["refuse", "reset", "hang", "garbage"]
"""What may go wrong instead of an answer: no connection, one that breaks off, silence, or bytes that are no HTTP."""


class PluginSource(Part):
    """A plugin that the conversation is with."""

    source: str
    """A path, relative to the file, or a URL; it may stand alone in the place of the object."""
    allow_hosts: Texts = ()
    """Private addresses that it may reach, as `HOST` or `HOST:PORT`."""
    service: str | None = None
    """The service of this file at whose address its APIs are called, unless `api` says who answers."""


class Program(Part):
    """A program that is started for the conversation; no shell reads its command.

    `${{NAME}}` in its members is filled from `environment`; `${{TEMPORARY_FOLDER}}` is a folder of the conversation's
    own, which goes away at its end.
    """

    command: Texts
    """The program and its arguments; `python` is the one that runs the test."""
    directory: str | None = None
    """Where it runs, relative to the file; without it, in the folder of the file."""
    environment: dict[str, str] = Field(default_factory=dict[str, str])
    """Variables added to the few that it gets."""


class ProgramBounds(Part):
    """What the system lets each process of a program use; 0 sets no bound."""

    cpu_seconds: StrictInt | None = Field(default=None, ge=0)
    """Processor time since its start."""
    memory_mb: StrictInt | None = Field(default=None, ge=0)
    """Address space, in MiB."""
    open_files: StrictInt = Field(default=MAX_OPEN_FILES, ge=0)
    """Files that it holds open."""


class LocalProgram(Program):
    """A local plugin: a program that is started at its first call, or an address of this machine where one runs.

    Placeholders are filled as in the members of a service.
    """

    command: Texts = ()
    """The program and its arguments; `python` is the one that runs the test."""
    address: str = ""
    """In the place of a command: `unix:PATH`, with a path relative to the file, `tcp:HOST:PORT`, or a URL."""
    inherit: Texts = ()
    """Names of variables of whoever runs the test that it gets as well."""
    framing: Framing = "auto"
    """How messages lie in the stream: one a line, or each after a `Content-Length` header."""
    per_person: bool = False
    """A process for each person."""
    limits: ProgramBounds = ProgramBounds()
    """What each of its processes may use."""
    sandbox: bool = False
    """Run in a sandbox, and not at all where there is none."""
    network: bool = False
    """Of a sandboxed program: whether it reaches the network."""

    @model_validator(mode="after")
    def _is_one(self) -> LocalProgram:
        if bool(self.command) == bool(self.address):
            raise ValueError("give one of 'command' and 'address'")
        return self


def _names_an_address(expression: str) -> str:
    """The expression, if it can be read and has a group. Raises: `PydanticCustomError`, `ValueError`."""
    check_expressions((expression,))
    if not compiled(expression).groups:
        raise ValueError("the expression has no group for the address: put (…) around that part of it")
    return expression


def _not_own(name: str) -> str:
    """Raises: `ValueError`."""
    if name == TEMPORARY_FOLDER:
        raise ValueError(f"{TEMPORARY_FOLDER!r} is the name of a folder that the programs get; choose another")
    return name


def _without_own(values: dict[str, str]) -> dict[str, str]:
    """Raises: `ValueError`."""
    return {_not_own(name): value for name, value in values.items()}


def _is_a_variable(name: str) -> str:
    """Raises: `ValueError`."""
    if not _VARIABLE.fullmatch(name):
        raise ValueError("must be a name for '${{NAME}}': letters, digits and '_', with no digit first")
    return name


class Service(Program):
    """A program that listens on loopback."""

    ready: Annotated[str, AfterValidator(_names_an_address)] = (
        r"listening on (http://(?:127\.0\.0\.1|localhost|0\.0\.0\.0):\d+)"
    )
    """A regular expression for the line of its output that names its address, in the first group."""
    within: float = Field(default=READY_SECONDS, gt=0.0, le=MAX_READY_SECONDS)
    """Seconds that it has for that."""
    variable: Annotated[str, AfterValidator(_not_own), AfterValidator(_is_a_variable)] | None = None
    """The variable of the environment that gets its address, for placeholders in documents and in local programs."""


class StubAnswer(Part):
    """What a stub answers; a number alone in the place of the object is the status."""

    status: StrictInt = Field(default=200, ge=100, le=599)
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    json_: Json = Field(default=None, alias="json")
    """The body as JSON; null is none."""
    body: str | None = None
    """The body as text."""
    file: str | None = None
    """A file with the body, relative to this one."""
    delay: float = Field(default=0.0, ge=0.0, le=MAX_DELAY)
    """Seconds before the answer."""
    fault: Fault | None = None
    """What goes wrong instead."""

    @model_validator(mode="after")
    def _has_one_body(self) -> StubAnswer:
        if (self.json_ is not None) + (self.body is not None) + (self.file is not None) > 1:
            raise ValueError("give one of 'json', 'body' and 'file'")
        return self


def _status(value: object) -> object:
    return {"status": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Stub(Part):
    """An answer to some requests; the first stub that fits answers."""

    method: Annotated[Method, BeforeValidator(_upper, json_schema_input_type=Method)] | None = None
    path: str | None = None
    """The path of the URL, or the path template of the operation."""
    operation: str | None = None
    """The `operationId`."""
    query: Exactly = None
    """Only requests whose parameters fit."""
    json_: Exactly = Field(default=None, alias="json")
    """Only requests whose JSON body fits."""
    times: StrictInt | None = Field(default=None, ge=1)
    """How often it answers; without it, always."""
    answer: Annotated[StubAnswer, BeforeValidator(_status, json_schema_input_type=int | StubAnswer)]

    @model_validator(mode="after")
    def _names_requests(self) -> Stub:
        if self.path is None and self.operation is None:
            raise ValueError("name the requests that it answers, by 'path' or 'operation'")
        return self


def _recorded(value: object) -> object:
    if value is None or value is True:
        return value
    if isinstance(value, str) and value.endswith(CASSETTE_SUFFIX):
        return stays_below(value)
    raise ValueError(f"must be true, for the recording beside the file, or name a file *{CASSETTE_SUFFIX}")


class Api(Part):
    """Who answers the calls of `OpenApi` runtimes: stubs first, then one of the others. Where none is named it is the
    service of the plugin, else `mock`."""

    mock: Literal["openapi"] | None = None
    """Answers made up from the description."""
    seed: StrictInt = 0
    """Of the mock: another number makes other answers."""
    examples: bool = True
    """Of the mock: give the examples of the description where it has some."""
    recorded: Annotated[Literal[True] | str | None, BeforeValidator(_recorded)] = None
    """Recorded exchanges: those of the cassette beside the file, or those of another cassette of this file alone,
    below its folder."""
    real: bool = False
    """The servers of the description, or the service that the plugin names."""
    stubs: tuple[Stub, ...] = ()

    @model_validator(mode="after")
    def _is_one(self) -> Api:
        if (self.mock is not None) + (self.recorded is not None) + self.real > 1:
            raise ValueError("give one of 'mock', 'recorded' and 'real'")
        if not self.is_mocked and not {"seed", "examples"}.isdisjoint(self.model_fields_set):
            raise ValueError("'seed' and 'examples' are for the mock")
        return self

    @property
    def is_mocked(self) -> bool:
        """True where what no stub answers is made up."""
        return self.recorded is None and not self.real


def _api(value: object) -> object:
    named: dict[object, object] = {"mock": {"mock": "openapi"}, "real": {"real": True}, "recorded": {"recorded": True}}
    return named.get(value, value) if isinstance(value, str) else value


class Settings(BaseModel):
    """What there is before the first word; conversations of one file share what stands beside them."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", use_attribute_docstrings=True)

    plugins: Annotated[
        tuple[
            Annotated[PluginSource, BeforeValidator(short("source"), json_schema_input_type=str | PluginSource)], ...
        ],
        BeforeValidator(many, json_schema_input_type=str | PluginSource | tuple[str | PluginSource, ...]),
    ] = ()
    services: dict[str, Service] = Field(default_factory=dict[str, Service])
    """Programs that listen, by names of your choice."""
    local: dict[str, LocalProgram] = Field(default_factory=dict[str, LocalProgram])
    """Local plugins, by their `local_endpoint`."""
    environment: Annotated[dict[str, str], AfterValidator(_without_own)] = Field(default_factory=dict[str, str])
    """Values for the placeholders of the plugins' documents."""
    locale: str | None = None
    """The language of the person, as a tag such as `fr-CA`."""
    person: str = "ada"
    """Who talks."""
    attended: bool = True
    """False where nobody can be asked: what would be a question does not run."""
    remembered: Texts = ()
    """Functions that the person has allowed for always, by name."""
    discovered: Texts = ()
    """Plugins that nobody named, by namespace: their first use is asked about."""
    policy: Annotated[PolicySetting, BeforeValidator(short("mode"), json_schema_input_type=Mode | PolicySetting)] = (
        PolicySetting()
    )
    """What the owner of the host lays down."""
    credentials: dict[str, str] = Field(default_factory=dict[str, str])
    """Test values, by the reference that a runtime names. They stand in the file: none may be real."""
    clock: AwareDatetime | None = None
    """What time it is all the while, with its offset: `2026-11-21T09:00:00Z`; a turn may change it."""
    api: Annotated[Api, BeforeValidator(_api, json_schema_input_type=Literal["mock", "real", "recorded"] | Api)] = Api()
    """Who answers the calls; without it, the service of the plugin, else the mock."""
    tags: Texts = ()
    """Words to choose conversations by."""
