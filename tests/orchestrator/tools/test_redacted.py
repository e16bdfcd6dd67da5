"""The host's redaction rules around real runtimes: HTTP errors, templates, previews, programs on the command line."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from orchestrator import Orchestrator, Redaction, load_plugin
from orchestrator.events import CallFailed
from orchestrator.model.base import ChatModel
from orchestrator.model.scripted import Call, Say, ScriptedModel, ScriptTurn
from orchestrator.response.redaction import Redactor
from orchestrator.tools.redacted import Redacted
from runtimes.base import CallContext, FunctionCall, RuntimeServices, RuntimeSpec
from runtimes.errors import InvocationError
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject, dump_json, parse_json
from tests.servers import warm
from tests.servers.loopback import LoopbackServer, Request, Response, json_response, serve, text_response
from tests.servers.no_http import NoHttp

SSN = "123-45-6789"
ANSWERS: dict[str, Response] = {
    "/person": json_response({"name": "Ada", "ssn": SSN}),
    "/error": json_response({"message": f"no person {SSN}", "ssn": SSN}, status=404),
    "/text": text_response(f"ssn {SSN}"),
    "/xml": text_response(f"<p><ssn>{SSN}</ssn></p>", content_type="application/xml"),
    "/busy": json_response({"ssn": SSN}, status=429),
    "/redirected": Response(status=302, headers=(("Location", "http://169.254.169.254/"),)),
    "/hidden": json_response({"detail": f"x\u200b\x1b[31m no {SSN}"}, status=400),
    "/long": json_response({"message": f"{'x' * 290} {SSN}"}, status=400),
    "/paged": Response(
        headers=(("Content-Type", "application/json"), ("Link", f'</paged?tok={SSN}>; rel="next"')), body=b"[1]"
    ),
    "/more": json_response({"ssn": SSN, "nextLink": "/more?page=2"}),
    "/broken": text_response(f'{{"ssn": "{SSN}', content_type="application/json"),
}


async def answer(request: Request) -> Response:
    return ANSWERS[request.path]


def document(url: str, template: str | None = None) -> JsonObject:
    paths: JsonObject = {
        path: {"get": {"operationId": path.removeprefix("/"), "responses": {"200": {"description": "ok"}}}}
        for path in ANSWERS
    }
    description: JsonObject = {"openapi": "3.0.3", "servers": [{"url": url}], "paths": paths}
    runtime: JsonObject = {
        "type": "OpenApi",
        "auth": {"type": "None"},
        "spec": {"api_description": dump_json(description)},
    }
    if template is not None:
        runtime["output_template"] = template
    return {
        "schema_version": "v2.2",
        "name_for_human": "People",
        "namespace": "people",
        "description_for_human": "Knows people.",
        "functions": [{"name": path.removeprefix("/")} for path in ANSWERS],
        "runtimes": [runtime],
    }


@asynccontextmanager
async def people(
    *redactions: Redaction, template: str | None = None, model: str | ChatModel = "offline"
) -> AsyncGenerator[tuple[Orchestrator, LoopbackServer]]:
    async with serve(answer) as server:
        plugin = await load_plugin(document(server.url, template), allowed_hosts=["127.0.0.1"])
        async with Orchestrator(plugins=[plugin], model=model, redactions=redactions) as host:
            with anyio.fail_after(20):
                yield host, server


MASK = Redaction(path="$..ssn")


async def test_an_answer_is_redacted_before_a_template_sees_it() -> None:
    """Issue 5, line 7."""
    async with people(MASK, template="{{ response.name }} has {{ response.ssn }}") as (host, _):
        assert (await host.call("person")).payload == "Ada has ***"


@pytest.mark.parametrize(("function", "payload"), [("person", {"name": "Ada", "ssn": "***"}), ("xml", {"ssn": "***"})])
async def test_json_and_what_is_read_as_json_is_redacted(function: str, payload: Json) -> None:
    async with people(MASK) as (host, _):
        outcome = await host.call(function)
    assert (outcome.payload, outcome.is_error, outcome.status) == (payload, False, 200)


async def test_the_explanation_of_an_error_does_not_tell_what_is_redacted() -> None:
    async with people(MASK, Redaction(pattern=r"\d{3}-\d{2}-\d{4}")) as (host, _):
        outcome = await host.call("error")
    assert outcome.payload == {"message": "no person ***", "ssn": "***"}
    assert SSN not in repr(outcome)
    assert outcome.is_error


@pytest.mark.parametrize("function", ["text", "broken"])
async def test_text_of_a_server_is_withheld_unless_a_pattern_is_for_it(function: str) -> None:
    async with people(MASK) as (host, _):
        outcome = await host.call(function)
        assert (outcome.payload, outcome.is_error) == (None, True)
        assert "withheld" in outcome.notes[0]
        assert SSN not in repr(outcome)
    async with people(MASK, Redaction(pattern=r"\d{3}-\d{2}-\d{4}")) as (host, _):
        outcome = await host.call(function)
        assert outcome.payload == ("ssn ***" if function == "text" else '{"ssn": "***')


PATTERN = Redaction(pattern=r"\d{3}-\d{2}-\d{4}")


@pytest.mark.parametrize("rule", [MASK, PATTERN])
async def test_what_a_server_says_as_it_turns_a_call_away_is_left_out(rule: Redaction) -> None:
    async with people(rule) as (host, _):
        with pytest.raises(InvocationError, match=r"too many requests$") as caught:
            await host.call("busy")
    assert (caught.value.not_executed, caught.value.is_final) == ("rate", True)
    async with people(Redaction(path="$..ssn", function="person")) as (host, _):
        with pytest.raises(InvocationError, match=f"it says: .*{SSN}"):
            await host.call("busy")


async def test_no_fact_has_what_a_server_said_as_it_turned_a_call_away() -> None:
    model = ScriptedModel(turns=[ScriptTurn(user="busy?", steps=(Call("people-busy"), Say("Later.")))])
    async with people(MASK, model=model) as (host, _):
        conversation = host.conversation()
        events = [event async for event in conversation.send("busy?")]
    (failure,) = [event for event in events if isinstance(event, CallFailed)]
    assert failure.message.endswith("too many requests")
    assert SSN not in repr(events)


@pytest.mark.parametrize("function", ["hidden", "long"])
@pytest.mark.parametrize("rule", [Redaction(path="$.*"), PATTERN])
async def test_an_explanation_is_made_of_what_is_left(function: str, rule: Redaction) -> None:
    """Whatever its own line made of the text: characters that are not seen, a cut within what is found."""
    async with people(rule) as (host, _):
        outcome = await host.call(function)
    text = repr(outcome)
    assert "***" in text
    assert not any(part in text for part in (SSN, SSN[:4], SSN[-4:]))


async def test_patterns_are_for_notes_too() -> None:
    async with people(PATTERN) as (host, server):
        outcome = await host.call("paged")
        assert outcome.payload == [1]
        assert f"the next page is {server.url}/paged?tok=*** (" in outcome.notes[0]


async def test_the_next_page_of_a_redacted_answer_is_told() -> None:
    async with people(MASK) as (host, server):
        outcome = await host.call("more")
        assert outcome.payload == {"ssn": "***", "nextLink": "/more?page=2"}
        assert f"the next page is {server.url}/more?page=2 (" in outcome.notes[0]
    async with people(Redaction(path="$.nextLink")) as (host, _):
        outcome = await host.call("more")
        assert not any("next page" in note for note in outcome.notes)


async def test_what_the_host_says_of_a_redirect_is_not_withheld() -> None:
    async with people(MASK) as (host, _):
        outcome = await host.call("redirected")
    assert "redirects to http://169.254.169.254 (HTTP 302), which is not followed" in str(outcome.payload)
    assert outcome.is_error


async def test_rules_for_other_functions_and_previews_change_nothing() -> None:
    async with people(Redaction(path="$..ssn", function="people-e*")) as (host, server):
        assert (await host.call("person")).payload == {"name": "Ada", "ssn": SSN}
        (message,) = host.preview("person", {})
    assert message.url == f"{server.url}/person"


async def test_redactions_of_the_configuration_hold_on_the_command_line(tmp_path: Path) -> None:
    async with serve(answer) as server:
        (tmp_path / "plugin.json").write_text(dump_json(document(server.url)), encoding="utf-8")
        (tmp_path / "orchestrator.toml").write_text(
            "[[redactions]]\npath = '$..ssn'\naction = 'drop'\n", encoding="utf-8"
        )
        command = [sys.executable, "-m", "orchestrator", "call", "plugin.json", "person", "--json"]
        done = await anyio.run_process(warm.line([*command, "--allow-host", "127.0.0.1"]), cwd=tmp_path)
    outcome = parse_json(done.stdout)
    assert isinstance(outcome, dict)
    assert outcome["payload"] == {"name": "Ada"}


async def test_rules_that_take_too_long_withhold_the_answer() -> None:
    def ssn() -> Json:
        """Tells it."""
        return {"ssn": SSN}

    spec = RuntimeSpec(plugin="people", type="x-python", spec={}, location="")
    async with MemoryRuntime(ssn)(spec, RuntimeServices(http=NoHttp())) as executor:
        call = FunctionCall(id="1", function="ssn", arguments={})
        in_time = Redacted(executor, Redactor([MASK], b"key"), "people")
        assert (await in_time.invoke(call, CallContext(person="ada"))).payload == {"ssn": "***"}
        assert (in_time.functions, in_time.unusable) == (executor.functions, executor.unusable)
        late = Redacted(executor, Redactor([MASK], b"key"), "people", seconds=0)
        result = await late.invoke(call, CallContext(person="ada"))
    assert (result.payload, result.is_error) == (None, True)
    assert result.explanation.endswith("redaction rules: they took more than 0 s")
