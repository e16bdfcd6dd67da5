"""A call of a client, by the official client in both eras: results, questions, denials (issue 10, 6)."""

from __future__ import annotations

import base64

import anyio
import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from auth import SignIn
from orchestrator import Policy, load_plugin
from orchestrator.policy.rules import Rule
from runtimes.base import Attachment, CallContext, CallResult, FunctionCall
from runtimes.errors import InvocationError
from runtimes.questions import LiveQuestion
from runtimes.values import JsonObject
from tests.orchestrator.mcp_server.programs import (
    ERAS,
    Asked,
    Offered,
    client_of,
    echo,
    manifest,
    never,
    served,
    text_of,
)
from tests.servers.guarded import NAME, TestVault

pytestmark = pytest.mark.parametrize("era", ERAS)

FOUND: JsonObject = {
    "items": [
        {"title": "A \x1b[31mcedar\u202e porch", "url": "https://homes.example/101", "price": 1},
        {"title": "A loft", "url": "http://homes.example/102", "price": 2},
        {"title": "The same porch", "url": "https://homes.example/101", "price": 3},
    ]
}
SEMANTICS: JsonObject = {
    "response_semantics": {"data_path": "$.items", "properties": {"title": "$.title", "url": "$.url"}}
}


OAUTH: JsonObject = {"type": "OAuthPluginVault", "reference_id": NAME}


async def find(call: FunctionCall, context: CallContext) -> CallResult:
    del call, context
    return CallResult(payload=FOUND)


async def test_an_answer_comes_as_text_as_structured_content_and_with_links_to_its_sources(era: str) -> None:
    with anyio.fail_after(20):
        async with (
            served({"homes": {"find": Offered(run=find, capabilities=SEMANTICS)}}) as server,
            client_of(server, era) as client,
        ):
            result = await client.call_tool("homes-find", {})
    assert not result.is_error
    assert text_of(result).startswith('[{"title":"A cedar<U+202E> porch"')
    assert result.structured_content == {
        "result": [
            {"title": "A cedar<U+202E> porch", "url": "https://homes.example/101", "price": 1},
            {"title": "A loft", "url": "http://homes.example/102", "price": 2},
            {"title": "The same porch", "url": "https://homes.example/101", "price": 3},
        ]
    }
    links = [block for block in result.content if isinstance(block, types.ResourceLink)]
    assert [(link.title, link.uri) for link in links] == [("A cedar<U+202E> porch", "https://homes.example/101")]


async def test_an_answer_that_is_an_object_is_the_structured_content_itself(era: str) -> None:
    async with served({"notes": {"say": Offered()}}) as server, client_of(server, era) as client:
        result = await client.call_tool("notes-say", {"text": "hello"})
    assert (result.structured_content, text_of(result), result.is_error) == (
        {"text": "hello"},
        '{"text":"hello"}',
        False,
    )


async def test_files_come_as_what_they_are(era: str) -> None:
    async def draw(call: FunctionCall, context: CallContext) -> CallResult:
        del call, context
        files = (
            Attachment(media_type="image/png", data=b"png", name="a.png"),
            Attachment(media_type="audio/wav", data=b"wav", name="a.wav"),
            Attachment(media_type="application/pdf", data=b"pdf", name="a.pdf"),
            Attachment(media_type="application/zip", data=bytes(8 * 1024 * 1024), name="a.zip"),
        )
        return CallResult(payload={"drawn": 4}, attachments=files)

    async with served({"art": {"draw": Offered(run=draw)}}) as server, client_of(server, era) as client:
        result = await client.call_tool("art-draw", {})
    _, image, audio, document = result.content
    assert isinstance(image, types.ImageContent)
    assert isinstance(audio, types.AudioContent)
    assert isinstance(document, types.EmbeddedResource)
    assert isinstance(document.resource, types.BlobResourceContents)
    data = [base64.b64decode(one) for one in (image.data, audio.data, document.resource.blob)]
    assert (data, document.resource.mime_type) == ([b"png", b"wav", b"pdf"], "application/pdf")
    assert text_of(result).split("\n") == [
        '{"drawn":4}',
        "[cut: 'a.zip', application/zip, 8388608 bytes, is too large to hand over]",
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"text": ["a"]}, "correct the arguments and call again"),
        ({"txt": "a"}, "there is no parameter 'txt'"),
        ({"text": "\ud800"}, "correct them"),
    ],
)
async def test_wrong_arguments_are_a_result_that_says_what_is_wrong(
    era: str, arguments: dict[str, object], complaint: str
) -> None:
    async with served({"notes": {"say": Offered(run=never)}}) as server, client_of(server, era) as client:
        result = await client.call_tool("notes-say", arguments)
    assert result.is_error
    assert complaint in text_of(result)


async def test_a_tool_that_is_not_there_is_a_mistake_of_the_client(era: str) -> None:
    async with served({"notes": {"say": Offered(run=never)}}) as server, client_of(server, era) as client:
        for name in ("say", "notes-shout", "withdraw"):
            with pytest.raises(MCPError) as raised:
                await client.call_tool(name, {})
            assert raised.value.error.code == types.INVALID_PARAMS
            assert "tools/list" in raised.value.error.message


# --- consent

CAREFUL = Offered(
    reads=False,
    handling=("ResourceStateUpdate",),
    capabilities={
        "confirmation": {
            "type": "AdaptiveCard",
            "title": "Send it?",
            "body": "goes to: nobody at all, {{ function.parameters.text }}",
        }
    },
)


async def test_a_call_that_needs_consent_is_asked_about_with_what_would_really_be_sent(era: str) -> None:
    person = Asked("accept")
    async with served({"mail": {"send": CAREFUL}}) as server, client_of(server, era, person) as client:
        result = await client.call_tool("mail-send", {"text": "two\nlines"})
    assert (result.is_error, result.structured_content) == (False, {"text": "two\nlines"})
    assert person.messages == [
        "Mail wants to run send\n"
        "runs: send of mail\n"
        "goes to: this program\n"
        'with: {"text":"two\\nlines"}\n'
        "because: the plugin asks for a confirmation before this function\n"
        "because: the plugin declares that it changes something (ResourceStateUpdate)\n"
        "the plugin says:\n"
        "> Send it?\n"
        "> goes to: nobody at all, two\n"
        "> lines"
    ]
    assert person.forms == [{"type": "object", "properties": {}}]


@pytest.mark.parametrize(
    ("action", "said"),
    [("decline", "not called: the person declined"), ("cancel", "the person did not choose")],
)
async def test_without_a_yes_nothing_is_sent(era: str, action: str, said: str) -> None:
    person, careful = Asked(action), Offered(run=never, reads=False, handling=("ResourceStateUpdate",))
    async with served({"mail": {"send": careful}}) as server, client_of(server, era, person) as client:
        result = await client.call_tool("mail-send", {"text": "a"})
        again = await client.call_tool("mail-send", {"text": "a"})
    assert result.is_error
    assert said in text_of(result)
    assert "in this turn" not in text_of(result)
    assert (again.is_error, len(person.messages)) == (True, 2), "another call is another question"


async def test_where_the_client_cannot_ask_it_is_refused_and_says_what_to_do(era: str) -> None:
    careful = Offered(run=never, reads=False, handling=("ResourceStateUpdate",))
    async with served({"mail": {"send": careful}}) as server, client_of(server, era) as client:
        result = await client.call_tool("mail-send", {"text": "a"})
    assert result.is_error
    assert text_of(result).startswith("not called, and not allowed: it would need a person's consent")
    assert "`--yes`" in text_of(result)


async def test_yes_beforehand_is_a_yes_to_all_but_what_is_denied(era: str) -> None:
    rule = Rule(effect="deny", plugin="mail", function="burn", reason="not on my watch")
    functions = {"send": CAREFUL, "burn": Offered(run=never, reads=False)}
    policy = Policy(rules=(rule,))
    async with served({"mail": functions}, policy=policy, says_yes=True) as server, client_of(server, era) as client:
        assert not (await client.call_tool("mail-send", {"text": "a"})).is_error
        denied = await client.call_tool("mail-burn", {"text": "a"})
    assert denied.is_error
    assert "not on my watch" in text_of(denied)


async def test_a_rule_of_the_host_allows_a_call_of_a_client_that_cannot_ask(era: str) -> None:
    plugin = await load_plugin(manifest("mail", {"send": CAREFUL}, {"type": "None"}, {}))
    policy = Policy(rules=(Rule(effect="allow", plugin="mail", hash=plugin.digest),))
    async with served({"mail": {"send": CAREFUL}}, policy=policy) as server, client_of(server, era) as client:
        assert not (await client.call_tool("mail-send", {"text": "a"})).is_error


async def test_what_the_host_says_is_not_among_what_the_plugin_says(era: str) -> None:
    person, bare = Asked(), Offered(reads=False, handling=(), more={"description": ""})
    async with served({"mail": {"send": bare}}) as server, client_of(server, era, person) as client:
        assert not (await client.call_tool("mail-send", {"text": "a"})).is_error
    assert "the plugin says" not in person.messages[0]


# --- data flow


async def test_what_was_read_before_counts_for_later_calls(era: str) -> None:
    """Two plugins that do not say how they handle data: the second is never called, as within one turn of a chat."""
    plugins = {"mail": {"read": Offered(handling=())}, "web": {"look": Offered(run=never, handling=())}}
    async with served(plugins) as server, client_of(server, era, Asked()) as client:
        assert not (await client.call_tool("mail-read", {"text": "inbox"})).is_error
        for _ in range(2):
            kept_apart = await client.call_tool("web-look", {"text": "inbox"})
            assert kept_apart.is_error
            assert text_of(kept_apart).startswith("not called, and not allowed: web does not say how it handles data")
            assert text_of(kept_apart).endswith("; restart this server for it")
        assert not (await client.call_tool("mail-read", {"text": "inbox"})).is_error


@pytest.mark.parametrize("asks", [True, False])
async def test_what_a_running_call_has_shown_counts_before_it_ends_and_when_it_is_cancelled(
    era: str, *, asks: bool
) -> None:
    shown = anyio.Event()

    async def speak(call: FunctionCall, context: CallContext) -> CallResult:
        if asks:
            await context.ask(LiveQuestion(text="your salary is 1234"))
        context.progress("your salary is 1234")
        await anyio.sleep_forever()
        raise NotImplementedError

    async def note(progress: float, total: float | None, message: str | None) -> None:
        shown.set()

    person, functions = Asked("decline"), {"read": Offered(run=speak, handling=("GetPrivateData",))}
    plugins = {"mail": functions, "web": {"look": Offered(run=never)}}
    with anyio.fail_after(20):
        async with served(plugins) as server, client_of(server, era, person) as client:

            async def read() -> None:
                await client.call_tool("mail-read", {"text": "a"}, progress_callback=note)

            for is_cancelled in (False, True):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(read)
                    await shown.wait()
                    if not is_cancelled:
                        assert (await client.call_tool("web-look", {"text": "1234"})).is_error
                    tasks.cancel_scope.cancel()
                shown = anyio.Event()
            assert (await client.call_tool("web-look", {"text": "1234"})).is_error
    asked = [message for message in person.messages if message.startswith("Web")]
    assert ["private data of mail" in message for message in asked] == [True, True]
    assert "in this turn" not in "".join(asked)


async def test_private_data_of_one_plugin_makes_a_call_of_another_a_question(era: str) -> None:
    person = Asked("decline")
    plugins = {
        "mail": {"read": Offered(handling=("GetPrivateData",))},
        "web": {"look": Offered(run=never)},
    }
    async with served(plugins) as server, client_of(server, era, person) as client:
        assert not (await client.call_tool("mail-read", {"text": "a secret word"})).is_error
        assert (await client.call_tool("web-look", {"text": "a secret word"})).is_error
    (message,) = person.messages
    assert "careful: the model had read private data of mail, which the call could take to web" in message


async def test_a_denied_call_taints_nothing(era: str) -> None:
    rule = Rule(effect="deny", plugin="mail")
    plugins = {"mail": {"read": Offered(run=never, handling=())}, "web": {"look": Offered(handling=())}}
    async with served(plugins, policy=Policy(rules=(rule,))) as server, client_of(server, era) as client:
        assert (await client.call_tool("mail-read", {"text": "inbox"})).is_error
        assert not (await client.call_tool("web-look", {"text": "inbox"})).is_error


# --- failures


async def test_a_failed_call_is_an_error_result(era: str) -> None:
    async def fail(call: FunctionCall, context: CallContext) -> CallResult:
        del call, context
        raise InvocationError("the service is on fire", is_unsent=True)

    async def refuse(call: FunctionCall, context: CallContext) -> CallResult:
        del call, context
        return CallResult(payload={"detail": "no such house"}, is_error=True, status=404)

    functions = {"fail": Offered(run=fail), "refuse": Offered(run=refuse)}
    async with served({"homes": functions}) as server, client_of(server, era) as client:
        failed = await client.call_tool("homes-fail", {})
        refused = await client.call_tool("homes-refuse", {})
    assert (failed.is_error, text_of(failed)) == (True, "error: the call failed: the service is on fire")
    assert (refused.is_error, refused.structured_content) == (True, None)
    assert "no such house" in text_of(refused)


async def test_a_sign_in_that_is_missing_names_the_command(era: str) -> None:
    wanted = SignIn(name=NAME, kind="login", reason="you have not signed in yet")
    mail = Offered(run=never, sign_in=wanted)
    async with (
        served({"mail": {"read": mail}}, person="ada", auth=OAUTH, vault=TestVault()) as server,
        client_of(server, era, Asked()) as client,
    ):
        result = await client.call_tool("mail-read", {"text": "a"})
    assert result.is_error
    assert text_of(result) == (
        "not called: the person has to sign in for this program first; "
        "`orchestrator auth login --person ada mail-login` does it: you have not signed in yet. Then call again"
    )


async def test_calls_at_the_same_time_are_each_answered(era: str) -> None:
    both = anyio.Event()
    inside: list[str] = []

    async def meet(call: FunctionCall, context: CallContext) -> CallResult:
        inside.append(call.id)
        if len(inside) == 2:
            both.set()
        await both.wait()
        return await echo(call, context)

    results: dict[str, object] = {}
    with anyio.fail_after(20):
        async with served({"notes": {"say": Offered(run=meet)}}) as server, client_of(server, era) as client:

            async def say(text: str) -> None:
                results[text] = (await client.call_tool("notes-say", {"text": text})).structured_content

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(say, "a")
                tasks.start_soon(say, "b")
    assert results == {"a": {"text": "a"}, "b": {"text": "b"}}
