"""The seam between the host and what carries a call out: a factory opens a runtime object, an executor answers calls.

It does no I/O and knows no manifest: the host translates a runtime object (spec 11) into a `RuntimeSpec`. Above it
stands `orchestrator.tools`; below it `runtimes.openapi`, `runtimes.local` and `runtimes.memory`, and whatever other
distributions register under the entry point group `plugin_orchestrator.runtimes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from auth import Attached, AuthReference, MappingVault, SecretsInUse, SignIn, Vault
from runtimes.http import Headers, HttpClient
from runtimes.local_endpoint import LocalEndpoint
from runtimes.placeholders import Environment
from runtimes.questions import Ask, nobody_present
from runtimes.values import Json, JsonObject

CALL_TIMEOUT = 30.0
"""Seconds a call may take when its caller does not say."""

RAW_BYTES: JsonObject = {
    "format": "binary",
    "contentEncoding": "base64",
    "contentMediaType": "application/octet-stream",
}
"""What the schema of an argument says beside `string` that is given as base64 text and sent as the bytes themselves: a
data URL may stand for it, and brings their type and name along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSpec:
    """One runtime object, in neutral words."""

    plugin: str
    """The namespace of the plugin, for messages and logs."""
    type: str
    """`OpenApi`, `LocalPlugin` or an `x-` type (spec 11.1.1)."""
    spec: JsonObject
    """The runtime's own description, as the author wrote it (spec 11.1.4)."""
    location: str
    """Where the manifest lies (a URL or a file path): relative references start there (spec 3.1)."""
    auth: AuthReference = field(default_factory=AuthReference)
    functions: tuple[str, ...] | None = None
    """The functions to open; None means those that the runtime describes (spec 4.2.10)."""
    output_template: str | None = None
    """Liquid over `response` and `manifest` (spec 11.1.5)."""
    template_context: JsonObject = field(default_factory=dict[str, Json])
    """The manifest as plain data, for `output_template`."""
    environment: Environment = field(default_factory=Environment)
    """What fills the placeholders of the documents that the spec names; the spec itself is filled."""
    base_url: str = ""
    """Where its functions are called, whatever its description says; empty asks the description."""
    server: str = ""
    """Which of the servers that its description lists is called, by number, URL, name or description; empty leaves
    the choice to the runtime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireMessage:
    """What would go out for a call: an HTTP request, or a JSON-RPC frame (`method` is then `JSON-RPC`)."""

    method: str
    url: str
    headers: Headers = ()
    body: str | None = None
    secrets: frozenset[str] = frozenset()
    """The names, case folded, of header fields, query parameters and cookies that carry credentials."""
    attached: tuple[Attached, ...] = ()
    """The credentials that go out with it; they are not among its header fields, nor in its URL."""


def _not_told(message: WireMessage) -> None:
    del message


def _not_heard() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeServices:
    """What the host lends to every runtime it opens."""

    http: HttpClient
    local_endpoints: Mapping[str, LocalEndpoint] = field(default_factory=dict[str, LocalEndpoint])
    """The table of installed local plugins, by identifier."""
    local_http: HttpClient | None = None
    """Reaches the URLs in that table, which the host allows by having them there; None where `http` does."""
    cache: Path | None = None
    """A folder of the person's own for what is costly to make again; None keeps nothing."""
    sent: Callable[[WireMessage], None] = _not_told
    """Told of each frame of a call that has gone out to a local plugin; what goes out over `http` is known there."""
    vault: Vault = field(default_factory=MappingVault)
    """Keeps the credentials that the runtimes refer to; by default it has none."""
    secrets: SecretsInUse = field(default_factory=SecretsInUse)
    """What must be seen nowhere; whatever goes out as a credential joins it."""
    discoverer: str = ""
    """The person with whose credentials servers are asked what they offer, before anybody calls them."""
    functions_changed: Callable[[], None] = _not_heard
    """Told when the functions of an open runtime are not what they were: its server has changed them."""


class ArgumentRules(Protocol):
    """What arguments are held to beyond what a model is told; worked out when it is first asked for."""

    def schema(self) -> JsonObject:
        """The JSON Schema that `completed` arguments are held to."""
        ...

    def completed(self, arguments: JsonObject, /) -> JsonObject:
        """The arguments together with what a call sends unasked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSignature:
    """What a runtime knows of one of its functions."""

    name: str
    description: str = ""
    parameters: JsonObject = field(default_factory=dict[str, Json])
    """A JSON Schema object with `properties`: inferred parameters, where the manifest declares none (spec 5.2.3)."""
    method: str | None = None
    """The HTTP method, where there is one."""
    destination: str
    """Where the arguments go, for people: an origin, or the name of a local plugin."""
    repeatable: bool = False
    """True when doing it twice is the same as once: GET, HEAD, OPTIONS, or a declared `Idempotency-Key`."""
    is_consequential: bool | None = None
    """The description's own word on whether calling has consequences (`x-openai-isConsequential`)."""
    is_read_only: bool | None = None
    """A server's own hint that calling changes nothing (`readOnlyHint` of MCP); None where it gives none."""
    is_destructive: bool | None = None
    """A server's own hint that calling may destroy something (`destructiveHint`)."""
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    """Optional arguments that the description has and that cannot be sent, each with the reason."""
    responses: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The statuses of the answers that the description declares, as it writes them: `200`, `4XX`, `default`."""
    fingerprint: str = ""
    """A hash of the description the signature comes from."""
    rules: ArgumentRules | None = field(default=None, compare=False, repr=False)
    """What inferred arguments are held to, where that is more than `parameters` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """One call; the arguments are valid against the function's parameters."""

    id: str
    function: str
    arguments: JsonObject


def _no_progress(text: str) -> None:
    del text


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """Who calls, and how long they wait."""

    person: str
    timeout: float = CALL_TIMEOUT
    """Seconds the whole call may take."""
    progress: Callable[[str], None] = _no_progress
    """Told what the runtime is doing, in words for the person."""
    ask: Ask = nobody_present
    """Puts a question of the plugin to the person while the call runs."""
    may_repeat: bool = True
    """False when the caller knows that carrying the call out twice would do harm, whatever the runtime knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that an answer is: an image, a document, whatever is neither text nor JSON."""

    media_type: str
    data: bytes = field(repr=False)
    name: str = ""
    """What the server calls it, as a plain file name; empty where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """An answer; a failure that the other side reported is an answer too."""

    payload: Json
    """Parsed JSON, else text; of a file, what it is."""
    is_error: bool = False
    status: int | None = None
    """The HTTP status, where there is one."""
    is_truncated: bool = False
    """True when the answer was longer than the limit and the rest is missing."""
    explanation: str = ""
    """Of an error: what went wrong, in one line, where the answer or the description says so."""
    notes: tuple[str, ...] = ()
    """What else there is to know of the answer, a line each: more pages, characters that were lost."""
    attachments: tuple[Attachment, ...] = ()
    is_own_words: bool = field(default=False, compare=False)
    """True when the payload is what the runtime itself says, such as that a redirect is not followed."""
    retell: Callable[[Json], CallResult] | None = field(default=None, compare=False, repr=False)
    """The same answer had it been another payload, with what is said of that one; None where the runtime cannot tell.
    What is redacted is taken out of `explanation` and `notes` by this."""


class RuntimeExecutor(Protocol):
    """Answers calls to the functions of one runtime object."""

    @property
    def functions(self) -> Mapping[str, FunctionSignature]:
        """The functions that can be called."""
        ...

    @property
    def unusable(self) -> Mapping[str, str]:
        """The functions asked for that cannot be called, each with the reason."""
        ...

    def preview(self, call: FunctionCall, /) -> tuple[WireMessage, ...]:
        """What `invoke` would send. Raises: `InvocationError` where it would send nothing."""
        ...

    async def sign_in(self, function: str, person: str, /) -> SignIn | None:
        """What the person has to do before the function can be called for them; None where nothing.

        Raises: `InvocationError` where that cannot be said now: `invoke` would say why.
        """
        ...

    async def invoke(self, call: FunctionCall, context: CallContext, /) -> CallResult:
        """Carries the call out. Raises: `InvocationError` when no answer was had."""
        ...


class RuntimeFactory(Protocol):
    """Opens a runtime object for as long as the context lasts."""

    def __call__(self, spec: RuntimeSpec, services: RuntimeServices, /) -> AbstractAsyncContextManager[RuntimeExecutor]:
        """Entering raises: `RuntimeUnavailable`, with the reason its functions are disabled for."""
        ...
