"""The composition root: plugins, a model and a journal become something to talk to."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from secrets import token_bytes
from types import TracebackType
from typing import TYPE_CHECKING, Self

from auth import MappingVault, SecretsInUse, Vault
from orchestrator.call_outcome import CallOutcome, outcome_of
from orchestrator.conversation import Conversation
from orchestrator.direct_call import carried_out, prepared, refuse_denied
from orchestrator.errors import UnknownName, UsageError
from orchestrator.journal.base import ConversationId, Journal
from orchestrator.journal.memory import MemoryJournal
from orchestrator.labels import CLEAN, Label
from orchestrator.manifest.load import Plugin
from orchestrator.manifest.localize import checked_locale
from orchestrator.model.base import ChatModel
from orchestrator.model.open import default_model_name, open_model
from orchestrator.open_conversations import OpenConversations, Told
from orchestrator.policy.answers import Answers, MemoryAnswers
from orchestrator.policy.rules import Policy
from orchestrator.tools.binding import Binder
from orchestrator.tools.namespaces import distinct_namespaces
from orchestrator.tools.toolbox import Toolbox
from orchestrator.tools.visual_templates import visual_templates
from orchestrator.turn.consent import Consent
from orchestrator.turn.live_questions import Asks
from orchestrator.turn.machine import Limits
from orchestrator.turn.requests import Requests
from orchestrator.turn.services import TurnServices
from orchestrator.turn.standing import is_safe_to_repeat
from runtimes.base import (
    CALL_TIMEOUT,
    CallContext,
    RuntimeFactory,
    RuntimeServices,
    WireMessage,
)
from runtimes.fetch import SharedClient
from runtimes.http import HttpClient
from runtimes.local_endpoint import LocalEndpoint
from runtimes.values import JsonObject

if TYPE_CHECKING:
    from orchestrator.response.redaction import Redactor
    from orchestrator.response.redaction_rules import Redaction

REDACTION_KEY_BYTES = 32
"""The key of redacted values' hashes: made for each host, and never kept."""

DEFAULT_PERSON = "me"
"""Who talks when the caller does not say."""


def _redactor(redactions: Sequence[Redaction]) -> Redactor:
    from orchestrator.response.redaction import Redactor

    return Redactor(redactions, token_bytes(REDACTION_KEY_BYTES))


def _check_plugins(named: Iterable[str], plugins: Sequence[Plugin]) -> None:
    """Raises: `UnknownName`."""
    namespaces = [plugin.namespace for plugin in plugins]
    for namespace in named:
        if namespace not in namespaces:
            raise UnknownName("plugin", namespace, namespaces)


class Orchestrator:
    """A host for plugins; an async context manager, inside which conversations are held.

    `model` is `offline`, `openai:MODEL`, `scripted:FILE` or any `ChatModel`; without one it is what
    `ORCHESTRATOR_MODEL` names, else `offline`. `instructions` are the host's own words to the model. `local` is the
    table of installed local plugins (spec 11.4), `runtimes` adds runtime types, `http` is the client that plugins
    are called with (it stays the caller's to close), `clock` tells questions and cards the time, in seconds since the
    epoch. `locale` is the language of conversations that choose no other, a tag such as `fr-CA`; without one a document
    is read in its default language, and the model is told of none. `servers` says, by the namespace of a plugin, which
    of the servers that its descriptions list is called: a number from 1, a URL, a name or a description; the first is
    called otherwise.
    `cache` is a folder of the person's own where parts of large descriptions are kept; without one nothing is.
    `redactions` are applied to every answer before anything else sees it.
    `card_templates` is a folder with the templates that local plugins name by URL (spec 13.2.2.1), each in a file of
    the name that the URL ends with; those that come with the host are known without it.
    `vault` keeps the credentials that plugins refer to; functions whose credential it does not have are not offered.
    `secrets` are those that must be seen nowhere, where the vault learns more of them than go out: they are taken
    out of answers, of what the model and the person write, of facts and of errors; `auth.mask_logs` is for logs.
    `policy` is what its owner lays down for as long as the host lives; `answers` remembers what persons have allowed
    for always, in memory where none is given; `discovered` are those of the plugins, by namespace, that nobody named:
    their first use is asked about.
    `store` keeps the conversations: a URL, `sqlite:///PATH` or `postgresql://…`, or any `Journal`, which stays the
    caller's to close; without one they live as long as the host. `sources` is where the plugins were read from, as
    somebody who takes a conversation up again is told.
    `inline_schemas` is for servers that refuse references in the schemas of tools; it needs the extra `prance`.

    Raises: `UsageError` for a model that cannot be named, a locale that is no language tag, a redaction or a card
    template that cannot be read and an extra that is not installed, `UnknownName` for a plugin in `servers` or
    `discovered` that is not there, at construction; `UsageError` for a server that no description of its plugin lists,
    when it is entered, and `StoreError` for a store that cannot be opened.
    """

    def __init__(  # noqa: PLR0913  # the options of the whole host, each by name and with a default
        self,
        *,
        plugins: Sequence[Plugin],
        model: str | ChatModel | None = None,
        instructions: str = "",
        limits: Limits | None = None,
        local: Mapping[str, LocalEndpoint] | None = None,
        runtimes: Mapping[str, RuntimeFactory] | None = None,
        http: SharedClient | None = None,
        clock: Callable[[], float] = time.time,
        locale: str | None = None,
        servers: Mapping[str, str] | None = None,
        cache: Path | None = None,
        inline_schemas: bool = False,
        redactions: Sequence[Redaction] = (),
        card_templates: Path | None = None,
        vault: Vault | None = None,
        secrets: SecretsInUse | None = None,
        policy: Policy | None = None,
        answers: Answers | None = None,
        discovered: Sequence[str] = (),
        store: str | Journal | None = None,
        sources: Sequence[str] = (),
    ) -> None:
        name = model if model is not None else default_model_name(os.environ)
        self.model: ChatModel = open_model(name) if isinstance(name, str) else name
        self.locale = checked_locale(locale)
        self.plugins = tuple(plugin.in_language(self.locale) for plugin in distinct_namespaces(plugins))
        self._servers = dict(servers or {})
        _check_plugins((*self._servers, *discovered), self.plugins)
        self._cache = cache
        self._visual_templates = visual_templates(card_templates)
        self._redactor = _redactor(redactions) if redactions else None
        if inline_schemas:
            from orchestrator.tools.inlining import require_resolver

            require_resolver()
        self._inline_schemas = inline_schemas
        self._instructions = instructions
        self._limits = limits or Limits()
        self._local = dict(local or {})
        self._runtimes = dict(runtimes or {})
        self._store = store
        self._sources = tuple(sources)
        self._http = http or SharedClient()
        self._owns_http = http is None
        self.secrets: SecretsInUse = secrets if secrets is not None else self._http.secrets
        self._open_conversations = None if isinstance(store, str) else self._over(store or MemoryJournal())
        self._clock = clock
        self._vault = vault or MappingVault()
        self.consent = Consent(
            policy=policy or Policy(), answers=answers or MemoryAnswers(), discovered=frozenset(discovered)
        )
        self._stack = AsyncExitStack()
        self._binder: Binder | None = None
        self._toolbox: Toolbox | None = None
        self._toolbox_is_stale = False
        self._requests: dict[tuple[tuple[str, ...], ...], Requests] = {}
        self._turns: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            if self._owns_http:
                stack.push_async_callback(self._http.aclose)
            if isinstance(self._store, str):
                from orchestrator.journal.open import open_journal

                self._open_conversations = self._over(await stack.enter_async_context(open_journal(self._store)))
            if isinstance(self.model, AbstractAsyncContextManager):
                await stack.enter_async_context(self.model)
            binder = Binder(stack, self._runtimes, self._servers, self._redactor, self._visual_templates, self._clock)
            local_http = self._local_http()
            for plugin in self.plugins:
                http = self._http.allowing(plugin.allowed_hosts)
                services = RuntimeServices(
                    http=http,
                    local_endpoints=self._local,
                    local_http=local_http,
                    cache=self._cache,
                    vault=self._vault,
                    secrets=self.secrets,
                    discoverer=DEFAULT_PERSON,
                    functions_changed=self._functions_changed,
                )
                await binder.add(plugin, services)
            stack.push_async_callback(self._end_turns)
            self._binder = binder
            self._toolbox = binder.toolbox(inline_schemas=self._inline_schemas)
            self._stack = stack.pop_all()
        return self

    def _functions_changed(self) -> None:
        """What runtimes offer is looked at again when the next turn begins; running turns keep what they have."""
        self._toolbox_is_stale = True

    def _current_toolbox(self) -> Toolbox:
        """Raises: `UsageError` where the host is not open."""
        if self._toolbox is None or self._binder is None:
            raise UsageError("the host is not open; use it in an `async with` block")
        if self._toolbox_is_stale:
            self._toolbox_is_stale = False
            self._toolbox = self._binder.toolbox(inline_schemas=self._inline_schemas)
            self._requests.clear()
        return self._toolbox

    def _local_http(self) -> HttpClient | None:
        """Reaches what the table of local endpoints names, and no more than that."""
        if not self._local:
            return None
        from runtimes.local.transports.of_address import http_hosts

        return self._http.allowing(http_hosts(endpoint.address for endpoint in self._local.values()))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)
        self._toolbox = self._binder = None
        self._requests.clear()
        if isinstance(self._store, str):
            self._open_conversations = None

    def _over(self, journal: Journal) -> OpenConversations:
        return OpenConversations(
            journal,
            documents={plugin.namespace: plugin.digest for plugin in self.plugins},
            sources=self._sources,
            services=self._services,
            spawn=self._spawn,
            secrets=self.secrets,
        )

    @property
    def _conversations(self) -> OpenConversations:
        if self._open_conversations is None:
            raise UsageError("the host is not open; use it in an `async with` block")
        return self._open_conversations

    @property
    def journal(self) -> Journal:
        """What keeps the conversations; one that was named by its URL exists inside the context."""
        return self._conversations.journal

    async def _end_turns(self) -> None:
        for turn in self._turns:
            turn.cancel()
        if self._turns:
            await asyncio.wait(self._turns)

    @property
    def requests(self) -> Requests:
        """What the model is told in the host's own language; exists inside the context."""
        return self._requests_in(self.locale)

    def _requests_in(self, locale: str | None) -> Requests:
        """Made once for each set of tables, not for each locale: strangers may ask for any."""
        current = self._current_toolbox()
        chains = tuple(plugin.languages.chain(locale) for plugin in self.plugins if plugin.languages is not None)
        if chains not in self._requests:
            toolbox = current.in_language(locale)
            self._requests[chains] = Requests(toolbox, self._instructions, self._limits)
        return self._requests[chains]

    @property
    def toolbox(self) -> Toolbox:
        """The functions on offer, and those that are not."""
        return self.requests.toolbox

    async def use_model(self, model: str | ChatModel) -> None:
        """Goes on with another model; running turns keep the one they have. Raises: `UsageError`."""
        new = open_model(model) if isinstance(model, str) else model
        if isinstance(new, AbstractAsyncContextManager):
            await self._stack.enter_async_context(new)
        self.model = new

    def conversation(
        self,
        *,
        person: str = DEFAULT_PERSON,
        id: ConversationId | None = None,
        locale: str | None = None,
        attended: bool | None = None,
        read: Label = CLEAN,
        asks: Asks | None = None,
    ) -> Conversation:
        """A new conversation, or the one of that id, which goes on from what is kept of it once it is used.

        `locale` is its language, else the host's; a conversation that is known keeps its own. One that is not
        `attended` asks nobody: what would be asked about does not run, unless a rule of the host allows it; a new one
        is, unless it is said. `read` is whose data was read before, elsewhere, by whoever writes the calls of a new
        one. `asks` puts to the person what a plugin asks while a call of its runs, from the next turn on and until the
        conversation is opened again, with another or none; without it, and where the conversation is not attended,
        nobody is present and such a question is refused at once. What it raises ends the turn, and is raised as it is.

        Raises: `UsageError` when that one is another person's (where only the journal knows that, once it is used) or
        differs in `attended`, for `read` where it is open already, and for a locale that is no language tag.
        """
        chosen = checked_locale(locale) or self.locale
        return self._conversations.open(id, person=person, locale=chosen, attended=attended, read=read, asks=asks)

    async def run_pending(self, *, at_once: int = 1, told: Told | None = None) -> int:
        """Goes on with turns that were left: their process has died, or somebody has answered what they asked.

        Only those that were begun with exactly the plugins of this host, `at_once` of them at a time, until there are
        no more; returns how many. `told` is called with the id and the reply of each, or with the reason why what is
        kept of it cannot be read: that one is passed over. `journal.has_work` waits for the next.

        Raises: `StoreError`, and what the caller's own model raises.
        """
        return await self._conversations.run_pending(at_once=at_once, told=told)

    def _services(self, locale: str | None) -> TurnServices:
        requests = self._requests_in(locale)
        return TurnServices(
            model=self.model,
            requests=requests,
            clock=self._clock,
            call_timeout=CALL_TIMEOUT,
            consent=self.consent,
            secrets=self.secrets,
            quotes_questions=self._redactor is None,
        )

    def _spawn(self, turn: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(turn)
        self._turns.add(task)
        task.add_done_callback(self._turns.discard)
        return task

    # --- one call without a model

    def preview(self, function: str, arguments: JsonObject) -> tuple[WireMessage, ...]:
        """What `call` would send. Raises: `UsageError`, `InvocationError`."""
        bound, call = prepared(self.toolbox, function, arguments)
        return bound.executor.preview(call)

    async def call(
        self,
        function: str,
        arguments: JsonObject | None = None,
        *,
        person: str = DEFAULT_PERSON,
        asks: Asks | None = None,
    ) -> CallOutcome:
        """One call without a model; nobody is asked for consent, since the caller's code is it.

        `asks` puts to the person what the plugin asks while it runs; without it such a question is refused. What was
        asked is in the `notes` of the outcome.

        Raises: `UnknownName`, `UsageError` for arguments that do not fit, `CallForbidden` where a rule of the host
        denies it, `InvocationError` when no answer was had.
        """
        bound, call = prepared(self.toolbox, function, arguments or {})
        refuse_denied(bound, self.consent.rules_for(bound, call.arguments, person, now=self._clock()))
        context = CallContext(person=person, may_repeat=is_safe_to_repeat(bound))
        is_quoted = self._redactor is None
        result = await carried_out(bound, call, context, asks, self.secrets, is_quoted=is_quoted)
        _, shown = await bound.read_aside(result, self._limits.result_budget, self.locale)
        return outcome_of(result, shown)
