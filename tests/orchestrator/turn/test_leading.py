"""Which addresses an answer may lead to, by what the model was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.content import Citation, Shown
from orchestrator.events import (
    AnswerReceived,
    CallDispatched,
    CallJudged,
    CallReturned,
    Fact,
    ReplyReceived,
    RequestedCall,
    TurnEnded,
    TurnsSummarised,
    TurnStarted,
)
from orchestrator.labels import Label
from orchestrator.manifest.load import load_plugin
from orchestrator.manifest.model import Function
from orchestrator.model.base import (
    AssistantMessage,
    EarlierMessage,
    Message,
    ModelCall,
    RespondingRequest,
    ToolMessage,
    UserMessage,
)
from orchestrator.policy.rules import Policy
from orchestrator.response.addresses import Addresses
from orchestrator.tools.toolbox import BoundFunction, Toolbox
from orchestrator.turn.history import History, advance
from orchestrator.turn.leading import addresses_of
from runtimes.base import FunctionSignature
from runtimes.values import JsonObject
from tests.orchestrator.turn.toolboxes import toolbox_of

MAIL = Label(seen=("mail",), private=("mail",))
NEWS = Label(seen=("news",))


async def toolbox() -> Toolbox:
    functions: list[BoundFunction] = []
    for name in ("mail", "news"):
        plugin = await load_plugin(
            {
                "schema_version": "v2.2",
                "name_for_human": name,
                "namespace": name,
                "description_for_human": name,
                "functions": [{"name": "look"}],
                "runtimes": [{"type": "x-test"}],
            }
        )

        def signature(function: Function, origin: str = f"https://{name}.example") -> FunctionSignature:
            return FunctionSignature(name=function.name, destination=origin)

        functions += toolbox_of(plugin, signature).functions
    return Toolbox(functions)


def returned(
    plugin: str, label: Label, shown: Shown | None = None, *, text: str = "", sent: JsonObject | None = None
) -> list[Fact]:
    call = RequestedCall(call_id=plugin, request=ModelCall(id=plugin, tool=f"{plugin}-look", arguments="{}"))
    judged = CallJudged(
        call_id=plugin,
        plugin=plugin,
        function="look",
        arguments=sent or {},
        verdict="allow",
        reasons=(),
        label=label,
    )
    return [
        ReplyReceived(text="", calls=(call,)),
        judged,
        CallDispatched(call_id=plugin, attempt=1, request_hash=""),
        CallReturned(call_id=plugin, text=text, shown=shown or Shown(), is_error=False),
    ]


async def addresses(facts: list[Fact], *messages: Message) -> Addresses:
    history = History()
    for fact in [TurnStarted(text="hi", person="me", documents={}, locale=None), *facts]:
        history = advance(history, fact)
    request = RespondingRequest(system="Help is at https://help.example/start.", messages=messages)
    return addresses_of(request, history, await toolbox(), Policy())


@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        ([], set[str]()),
        (returned("mail", MAIL), {"mail"}),
        (returned("news", NEWS), {"news"}),
        ([*returned("mail", MAIL), *returned("news", NEWS)], {"mail"}),
    ],
)
async def test_an_answer_may_lead_to_a_called_plugin_whose_private_data_is_all_that_was_read(
    facts: list[Fact], allowed: set[str]
) -> None:
    found = await addresses(facts)
    assert {name for name in ("mail", "news", "evil") if found.may_link(f"https://{name}.example/?q=x")} == allowed


async def test_what_was_read_may_be_linked_and_what_the_model_wrote_may_not() -> None:
    cited = Shown(citations=(Citation(title="a", url="https://cited.example/1"),))
    found = await addresses(
        returned("mail", MAIL, cited, text='{"url":"https://given.example/5"}'),
        UserMessage(text="see https://asked.example/2", note="[a card of https://noted.example/3]"),
        AssistantMessage(text="https://made-up.example/4"),
        ToolMessage(call_id="mail", text="error: there is no function 'https://quoted.example/6'"),
    )
    for url in ("https://cited.example/1", "https://asked.example/2", "https://noted.example/3"):
        assert found.may_link(url)
    assert found.may_link("https://given.example/5")
    assert found.may_link("https://help.example/start")
    assert not found.may_link("https://made-up.example/4")
    assert not found.may_link("https://quoted.example/6")
    assert not found.may_link("https://given.example/5?more")


async def test_an_address_that_only_a_summary_has_may_not_be_linked() -> None:
    """A model has written it, maybe as an answer told it to (issue 8, 6)."""
    told = EarlierMessage(text="[2 earlier turns]", note="see https://evil.example/?q=secret", fence="f00d")
    found = await addresses([], told, UserMessage(text="see https://asked.example/2"))
    assert found.may_link("https://asked.example/2")
    assert not found.may_link("https://evil.example/?q=secret")


async def test_whose_data_a_summary_has_counts_for_where_an_answer_may_lead() -> None:
    """An address of a plugin's own server that the model puts together could tell it what another's data says."""
    turn: list[Fact] = [AnswerReceived(text="hello"), TurnEnded(reason="answered")]
    started = TurnStarted(text="hi", person="me", documents={}, locale=None)
    summary = TurnsSummarised(text="notes", turns=1, label=NEWS | Label(seen=("news",), private=("news",)))
    assert (await addresses([*turn, started, *returned("mail", MAIL)])).may_link("https://mail.example/x")
    found = await addresses([*turn, started, summary, *returned("mail", MAIL)])
    assert not found.may_link("https://mail.example/x")


async def test_an_address_is_not_given_by_an_answer_that_repeats_what_the_model_sent() -> None:
    sent: JsonObject = {"page": "https://evil.example/?q=secret", "site": "python.example"}
    text = "fetched https://evil.example/?q=secret from http://python.example/ with https://given.example/5"
    found = await addresses(returned("mail", MAIL, text=text, sent=sent))
    assert found.may_link("https://given.example/5")
    assert not found.may_link("https://evil.example/?q=secret")
    assert not found.may_link("http://python.example/")
    asked = await addresses(returned("mail", MAIL, text=text, sent=sent), UserMessage(text="look at python.example"))
    assert asked.may_link("http://python.example/")


async def test_a_picture_must_be_given_and_of_a_called_plugin() -> None:
    text = "https://mail.example/p.png https://cdn.example/p.png"
    found = await addresses(returned("mail", MAIL, text=text))
    assert found.may_load("https://mail.example/p.png")
    assert not found.may_load("https://mail.example/other.png")
    assert not found.may_load("https://cdn.example/p.png")


async def test_plugins_that_belong_together_share_their_servers() -> None:
    history = History()
    started = TurnStarted(text="hi", person="me", documents={}, locale=None)
    for fact in [started, *returned("mail", MAIL), *returned("news", replace(NEWS, private=("news",)))]:
        history = advance(history, fact)
    request = RespondingRequest(system="", messages=())
    policy = Policy(together=(frozenset({"mail", "news"}),))
    found = addresses_of(request, history, await toolbox(), policy)
    assert found.may_link("https://mail.example/x")
    assert not addresses_of(request, history, await toolbox(), Policy()).may_link("https://mail.example/x")
