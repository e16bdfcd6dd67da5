"""The manifest document as types, member for member; names are the specification's own.

Reading is lenient where real manifests are: members that are not known are kept (`model_extra`), and what an author may
leave out has a default. What that means for the author is said by `orchestrator.manifest.rules`; what lies in the
members that are plain JSON here is said by `orchestrator.manifest.fragments`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from pydantic_core import PydanticUseDefault

from auth import MISSING_TYPE, AuthReference
from runtimes.values import Json, JsonObject

Value = TypeVar("Value")


def _default_of_null(value: object) -> object:
    if value is None:
        raise PydanticUseDefault
    return value


def _untyped_of_null(value: object) -> object:
    """No null may mean that a runtime is called without a credential."""
    return {"type": MISSING_TYPE} if value is None else value


Or = Annotated[Value, BeforeValidator(_default_of_null)]
"""A member whose null is read as if it were not there; its default says what that means."""

Texts = str | tuple[str, ...] | None
"""A string replaces the built-in text, an array adds to it (spec 10.2.2)."""


def lines_of(texts: Texts) -> tuple[str, ...]:
    """The texts, one or many."""
    return (texts,) if isinstance(texts, str) else texts or ()


def known_spellings(known: Iterable[str], values: Iterable[str]) -> tuple[str, ...]:
    """The values, those of a known set as that set spells them: real manifests write them in any case."""
    spellings = {value.casefold(): value for value in known}
    return tuple(spellings.get(value.casefold(), value) for value in values)


class _Member(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)


class State(_Member):
    """What to tell the model of a function in one state (spec 10)."""

    description: str | None = None
    instructions: Texts = None
    examples: Texts = None

    @property
    def has_instructions(self) -> bool:
        """True when there is more than a description."""
        return any(text.strip() for text in (*lines_of(self.instructions), *lines_of(self.examples)))


class States(_Member):
    """The states of a function (spec 5.2.5; `disengaging` is in the Microsoft 365 document)."""

    reasoning: Or[State] = State()
    responding: Or[State] = State()
    disengaging: State | None = None


class Confirmation(_Member):
    """What to ask the person before a call (spec 9.3)."""

    type: str | None = None
    title: str | None = None
    body: str | None = None
    is_non_consequential: Or[StrictBool] = Field(default=False, alias="isNonConsequential")
    """Of version 2.4: the person may be asked once for all calls."""

    @property
    def is_wanted(self) -> bool:
        """True unless the type is `None`."""
        return (self.type or "").casefold() != "none"


class ResponseSemantics(_Member):
    """Where citations and cards lie in an answer (spec 9.4)."""

    data_path: Or[str] = "$"
    """As it is written; `queries.data_path_of` reads it."""
    properties: Or[dict[str, Json]] = Field(default_factory=dict[str, Json])
    """As they are written; `queries.property_of` reads each."""
    static_template: JsonObject | None = None
    """A card, or `{"file": …}` with the place of one (version 2.4)."""
    oauth_card_path: str | None = None
    """The path of a card to sign in by, in an answer (M365 document); never taken for a file."""


class SecurityInfo(_Member):
    """What the author attests of a function (spec 9.5)."""

    data_handling: Or[tuple[str, ...]] = ()


class FunctionCapabilities(_Member):
    """Optional behaviour of the orchestrator around a call (spec 9)."""

    confirmation: Confirmation | None = None
    response_semantics: ResponseSemantics | None = None
    security_info: SecurityInfo | None = None


class Function(_Member):
    """A function that a model may call (spec 5)."""

    id: str | None = None
    name: str
    description: str | None = None
    parameters: JsonObject | None = None
    """JSON Schema in shape (spec 6); None means: ask the runtime (spec 5.2.3)."""
    returns: JsonObject | None = None
    """Of any JSON type in real manifests; its description and its `$ref` are used (spec 8)."""
    states: Or[States] = States()
    capabilities: Or[FunctionCapabilities] = FunctionCapabilities()


class RuntimeAuth(_Member):
    """How calls are authorized (spec 11.2)."""

    type: str | None = Field(default=None, validation_alias=AliasChoices("type", "Type"))
    reference_id: str | None = None
    scopes: Or[tuple[str, ...]] = ()

    @property
    def reference(self) -> AuthReference:
        """What it says of the credential; other members without a type are not taken for `None`."""
        if not self.type and any(not name.startswith("x-") for name in self.model_extra or {}):
            return AuthReference(type=MISSING_TYPE)
        return AuthReference.of(self.type, self.reference_id, self.scopes)


class Runtime(_Member):
    """How functions are invoked (spec 11)."""

    type: str
    auth: Annotated[RuntimeAuth, BeforeValidator(_untyped_of_null)] = RuntimeAuth()
    run_for_functions: tuple[str, ...] | None = Field(
        default=None, validation_alias=AliasChoices("run_for_functions", "runs_for_functions")
    )
    """Names and wildcards (spec 11.1.3); the misspelling is the specification's own (spec 11.4.1)."""
    spec: Or[JsonObject] = Field(default_factory=dict[str, Json])
    output_template: str | None = None


class ConversationStarter(_Member):
    """A question that the plugin can answer (spec 12.2)."""

    text: str
    title: str | None = None


class PluginCapabilities(_Member):
    """Capabilities of the whole plugin (spec 12)."""

    conversation_starters: Or[tuple[ConversationStarter, ...]] = ()
    localization: JsonObject | None = None
    """Deprecated; versions up to v2.1 have it."""


class Manifest(_Member):
    """The root of the document (spec 4)."""

    schema_uri: Json = Field(default=None, alias="$schema")
    """Of the official schema, for editors; the specification does not name it."""
    schema_version: str | None = None
    name_for_human: str
    namespace: str | None = None
    description_for_model: str | None = None
    description_for_human: Or[str] = ""
    logo_url: str | None = None
    contact_email: str | None = None
    legal_info_url: str | None = None
    privacy_policy_url: str | None = None
    functions: tuple[Function, ...] | None = None
    """None means: those that the runtimes describe (spec 4.2.10)."""
    runtimes: Or[tuple[Runtime, ...]] = ()
    capabilities: Or[PluginCapabilities] = PluginCapabilities()
