"""From functions to tools: names, descriptions, schemas, bindings, arguments."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import Orchestrator, UnknownName, UsageError, load_plugin
from orchestrator.errors import FunctionUnavailable
from orchestrator.tools.arguments import ArgumentChecker, InvalidArguments
from orchestrator.tools.definitions import tool_name
from runtimes.memory import MemoryRuntime
from runtimes.values import Json, JsonObject, parse_json

PLUGIN: JsonObject = {
    "schema_version": "v2.2",
    "name_for_human": "Mine",
    "namespace": "mine",
    "description_for_human": "For people.",
}


def alpha(count: int) -> str:
    """Counts.

    More about it."""
    return str(count)


def beta() -> str:
    """Waits."""
    return "b"


def other() -> str:
    """Another runtime's."""
    return "o"


@asynccontextmanager
async def hosting(
    *plugins: JsonObject, runtimes: dict[str, tuple[Callable[..., object], ...]] | None = None
) -> AsyncGenerator[Orchestrator]:
    table = runtimes or {"x-one": (alpha, beta), "x-two": (other,)}
    factories = {name: MemoryRuntime(*functions) for name, functions in table.items()}
    loaded = [await load_plugin(plugin) for plugin in plugins]
    async with Orchestrator(plugins=loaded, runtimes=factories, model="offline") as host:
        yield host


def plugin_with(runtimes: list[Json], functions: list[Json] | None = None, **members: Json) -> JsonObject:
    document: JsonObject = {**PLUGIN, "runtimes": runtimes, **members}
    return document if functions is None else {**document, "functions": functions}


def names(host: Orchestrator) -> list[str]:
    return [function.tool_name for function in host.toolbox.functions]


def reasons(host: Orchestrator) -> dict[str, str]:
    return {skipped.function: skipped.reason for skipped in host.toolbox.skipped}


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_tool_name_is_legal_whatever_the_function_is_called(namespace: str, function: str) -> None:
    """Design decision 6."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", tool_name(namespace, function))


@given(st.lists(st.text(min_size=1, max_size=90), unique=True, max_size=8))
def test_shortened_and_mended_names_stay_apart(functions: list[str]) -> None:
    assert len({tool_name("space", function) for function in functions}) == len(functions)


async def test_a_function_becomes_a_tool() -> None:
    """Issue 2, 3: description, `states.reasoning.description` and what it returns; the manifest's parameters win."""
    parameters: JsonObject = {"properties": {"count": {"type": "integer"}}, "required": ["count"]}
    functions: list[Json] = [
        {
            "name": "alpha",
            "description": "Counts things.",
            "parameters": parameters,
            "returns": {"type": "string", "description": "the number"},
            "states": {"reasoning": {"description": "\n# alpha(count)"}},
        },
        {"name": "beta"},
    ]
    async with hosting(plugin_with([{"type": "x-one"}], functions)) as host:
        tools = [definition.as_tool() for definition in host.toolbox.tools.definitions]
        assert parse_json(host.toolbox.tools.encoded) == tools
    assert tools[0] == {
        "type": "function",
        "function": {
            "name": "mine-alpha",
            "description": "Counts things.\n# alpha(count)\nReturns: the number",
            "parameters": {"type": "object", **parameters},
        },
    }
    assert tools[1]["function"] == {
        "name": "mine-beta",
        "description": "Waits.",
        "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    }


async def test_functions_that_the_manifest_does_not_list_are_the_runtimes() -> None:
    """Spec 4.2.10."""
    async with hosting(plugin_with([{"type": "x-one"}, {"type": "x-two"}])) as host:
        assert names(host) == ["mine-alpha", "mine-beta", "mine-other"]


async def test_an_empty_list_of_functions_binds_none() -> None:
    async with hosting(plugin_with([{"type": "x-one", "run_for_functions": ["*"]}], [])) as host:
        assert (names(host), reasons(host)) == ([], {})


@pytest.mark.parametrize(
    ("pattern", "bound"),
    [
        (["*"], ["mine-alpha", "mine-beta"]),
        (["al*"], ["mine-alpha"]),
        (["?eta"], ["mine-beta"]),
        (["alpha"], ["mine-alpha"]),
    ],
)
async def test_wildcards_bind_declared_functions(pattern: list[Json], bound: list[str]) -> None:
    """Spec 11.1.3."""
    functions: list[Json] = [{"name": "alpha"}, {"name": "beta"}]
    async with hosting(plugin_with([{"type": "x-one", "run_for_functions": pattern}], functions)) as host:
        assert names(host) == bound
        assert set(reasons(host)) == {"alpha", "beta"} - {name.removeprefix("mine-") for name in bound}


async def test_wildcards_choose_among_what_the_runtime_describes() -> None:
    async with hosting(plugin_with([{"type": "x-one", "run_for_functions": ["b*"]}])) as host:
        assert names(host) == ["mine-beta"]


async def test_a_function_that_two_runtimes_describe_is_left_out_alone() -> None:
    """Spec 11."""
    plugin = plugin_with([{"type": "x-one"}, {"type": "x-two"}])
    async with hosting(plugin, runtimes={"x-one": (alpha, beta), "x-two": (alpha,)}) as host:
        assert names(host) == ["mine-beta"]
        assert "only one may" in reasons(host)["alpha"]


async def test_an_unknown_runtime_costs_only_its_functions() -> None:
    functions: list[Json] = [{"name": "alpha"}, {"name": "lost"}]
    runtimes: list[Json] = [
        {"type": "x-one", "run_for_functions": ["alpha"]},
        {"type": "x-tow", "run_for_functions": ["lost"]},
    ]
    async with hosting(plugin_with(runtimes, functions)) as host:
        assert names(host) == ["mine-alpha"]
        assert "did you mean 'x-two'" in reasons(host)["lost"]


@pytest.mark.parametrize("auth", ["OAuthPluginVault", "ApiKeyPluginVault", "EntraOnBehalfOf", "MyOwn"])
async def test_a_runtime_with_a_credential_is_never_called_bare(auth: str) -> None:
    async with hosting(plugin_with([{"type": "x-one", "auth": {"type": auth}}], [{"name": "alpha"}])) as host:
        assert names(host) == []
        assert auth in reasons(host)["alpha"]


@pytest.mark.parametrize("auth", [{}, {"type": "None"}, {"type": "none"}])
async def test_no_auth_in_any_spelling_is_no_auth(auth: JsonObject) -> None:
    async with hosting(plugin_with([{"type": "x-one", "auth": auth}], [{"name": "alpha"}])) as host:
        assert names(host) == ["mine-alpha"]


async def test_equal_namespaces_are_told_apart_in_load_order() -> None:
    plugin = plugin_with([{"type": "x-one"}], [{"name": "beta"}])
    async with hosting(plugin, plugin) as host:
        assert names(host) == ["mine-beta", "mine_2-beta"]
        with pytest.raises(UsageError, match="ambiguous; choose one of mine-beta, mine_2-beta"):
            host.toolbox.find("beta")


async def test_names_are_resolved_back() -> None:
    async with hosting(plugin_with([{"type": "x-one"}])) as host:
        assert host.toolbox.find("mine-beta") is host.toolbox.find("beta") is host.toolbox.at("mine", "beta")
        with pytest.raises(UnknownName, match="did you mean"):
            host.toolbox.find("betta")


@pytest.mark.parametrize(
    ("states", "offered"),
    [
        ({}, False),
        ({"reasoning": {"instructions": "If rude, I **must** invoke `withdraw()`."}}, True),
        ({"responding": {"instructions": ["Never withdraw money."]}}, False),
        ({"disengaging": {}}, True),
    ],
)
async def test_withdraw_is_offered_only_where_a_plugin_speaks_of_it(states: JsonObject, offered: bool) -> None:
    async with hosting(plugin_with([{"type": "x-one"}], [{"name": "beta", "states": states}])) as host:
        assert ("withdraw" in [tool.name for tool in host.toolbox.tools.definitions]) is offered


async def test_a_plugins_own_withdraw_is_not_taken_for_the_hosts() -> None:
    def withdraw(amount: int) -> str:
        """Takes money out."""
        return str(amount)

    functions: list[Json] = [{"name": "withdraw", "states": {"reasoning": {"instructions": "Call withdraw(amount)."}}}]
    async with hosting(plugin_with([{"type": "x-bank"}], functions), runtimes={"x-bank": (withdraw,)}) as host:
        assert [tool.name for tool in host.toolbox.tools.definitions] == ["mine-withdraw"]
        assert host.toolbox.find("withdraw").name == "withdraw"


async def test_what_a_runtime_with_a_credential_names_is_not_answered_by_another() -> None:
    """Spec 11: only one runtime may; and design decision 5: never called bare."""
    runtimes: list[Json] = [
        {"type": "x-one", "auth": {"type": "OAuthPluginVault", "reference_id": "x"}, "run_for_functions": ["alpha"]},
        {"type": "x-one", "auth": {"type": "None"}, "run_for_functions": ["*"]},
    ]
    async with hosting(plugin_with(runtimes, [{"name": "alpha"}, {"name": "beta"}])) as host:
        assert names(host) == ["mine-beta"]
        assert "only one may" in reasons(host)["alpha"]


OAUTH: JsonObject = {"type": "OAuthPluginVault", "reference_id": "x"}


@pytest.mark.parametrize(
    ("mine", "theirs"), [({}, {}), ({}, {"run_for_functions": ["*"]}), ({"run_for_functions": ["al*"]}, {})]
)
@pytest.mark.parametrize("is_declared", [True, False])
async def test_what_two_runtimes_describe_is_not_called_bare_where_one_of_them_has_a_credential(
    mine: JsonObject, theirs: JsonObject, is_declared: bool
) -> None:
    """Spec 11: the same as where both are called without one."""
    runtimes: list[Json] = [{"type": "x-one", "auth": OAUTH, **mine}, {"type": "x-one", **theirs}]
    functions: list[Json] | None = [{"name": "alpha"}] if is_declared else None
    async with hosting(plugin_with(runtimes, functions), runtimes={"x-one": (alpha,)}) as host:
        assert names(host) == []
        assert "only one may" in reasons(host)["alpha"]


@pytest.mark.parametrize("kind", ["x-two", "x-unknown"], ids=["described-elsewhere", "not-to-be-had"])
@pytest.mark.parametrize("functions", [[{"name": "alpha"}], None], ids=["declared", "not-declared"])
async def test_a_runtime_with_a_credential_does_not_claim_what_it_does_not_describe(
    kind: str, functions: list[Json] | None
) -> None:
    runtimes: list[Json] = [{"type": kind, "auth": OAUTH, "run_for_functions": ["*"]}, {"type": "x-one"}]
    async with hosting(plugin_with(runtimes, functions)) as host:
        assert "mine-alpha" in names(host)


async def test_a_name_that_a_runtime_with_a_credential_gives_is_its_own_also_where_no_function_is_declared() -> None:
    runtimes: list[Json] = [
        {"type": "x-unknown", "auth": OAUTH, "run_for_functions": ["alpha"]},
        {"type": "x-one"},
    ]
    async with hosting(plugin_with(runtimes)) as host:
        assert names(host) == ["mine-beta"]
        assert "only one may" in reasons(host)["alpha"]


async def test_a_null_auth_is_not_no_auth() -> None:
    """Design decision 5: never called bare."""
    async with hosting(plugin_with([{"type": "x-one", "auth": None}], [{"name": "alpha"}])) as host:
        assert names(host) == []
        assert "(missing)" in reasons(host)["alpha"]


@pytest.mark.parametrize("auth", [{"reference_id": "abc"}, {"typ": "OAuthPluginVault"}, {"type": "", "typ": "OAuth"}])
async def test_a_credential_without_a_type_is_not_no_credential(auth: JsonObject) -> None:
    async with hosting(plugin_with([{"type": "x-one", "auth": auth}], [{"name": "alpha"}])) as host:
        assert names(host) == []
        assert "(missing)" in reasons(host)["alpha"]


async def test_a_function_is_skipped_only_where_no_runtime_has_it() -> None:
    runtimes: list[Json] = [
        {"type": "x-one", "run_for_functions": ["*"]},
        {"type": "x-two", "run_for_functions": ["*"]},
    ]
    functions: list[Json] = [{"name": "alpha"}, {"name": "other"}, {"name": "nowhere"}]
    async with hosting(plugin_with(runtimes, functions)) as host:
        assert names(host) == ["mine-alpha", "mine-other"]
        assert set(reasons(host)) == {"nowhere"}
        with pytest.raises(FunctionUnavailable, match="nowhere"):
            host.toolbox.find("nowhere")


async def test_a_required_name_that_is_no_property_is_left_out() -> None:
    """Spec 6.2.3: otherwise the function could never be called."""
    parameters: JsonObject = {"properties": {"count": {"type": "integer"}}, "required": ["count", "ghost"]}
    async with hosting(plugin_with([{"type": "x-one"}], [{"name": "alpha", "parameters": parameters}])) as host:
        assert (await host.call("alpha", {"count": 1})).payload == "1"


async def test_null_defaults_are_none_and_a_return_of_any_type_is_described() -> None:
    """Issue 3, point 2: real manifests have both."""
    parameters: JsonObject = {
        "properties": {
            "count": {"type": "integer", "default": None, "enum": None},
            "default": {"type": "array", "items": {"type": "string", "default": None}, "const": None},
            "deep": {"type": "object", "properties": {"default": {"type": "string", "default": None}}},
        }
    }
    returns: JsonObject = {"type": "object", "properties": {"a": {"type": "string"}}, "description": "the count"}
    function: JsonObject = {"name": "alpha", "parameters": parameters, "returns": returns}
    async with hosting(plugin_with([{"type": "x-one"}], [function])) as host:
        (definition,) = host.toolbox.tools.definitions
        assert definition.parameters["properties"] == {
            "count": {"type": "integer"},
            "default": {"type": "array", "items": {"type": "string"}, "const": None},
            "deep": {"type": "object", "properties": {"default": {"type": "string"}}},
        }
        assert "Returns: the count" in definition.description
        assert (await host.call("alpha", {"count": 1})).payload == "1"


async def test_a_taken_namespace_is_warned_of() -> None:
    plugin = plugin_with([{"type": "x-one"}], [{"name": "beta"}])
    async with hosting(plugin, plugin) as host:
        first, second = ([problem.code for problem in plugin.problems] for plugin in host.plugins)
        assert second == [*first, "namespace-taken"]


COUNT = ArgumentChecker({"type": "object", "properties": {"count": {"type": "integer"}, "of": {"enum": ["a", "b"]}}})


def test_arguments_that_fit_are_passed_on_and_whole_floats_become_integers() -> None:
    assert COUNT.check(COUNT.parse('{"count": 2.0, "of": "a"}')) == {"count": 2, "of": "a"}
    assert COUNT.parse("  ") == {}
    assert COUNT.check({"count": None, "of": "a"}) == {"of": "a"}
    assert COUNT.check(COUNT.parse('{"count": 123456789012345678901}')) == {"count": 123456789012345678901}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ('{"count": "2 "}', "count: "),
        ('{"of": "c"}', "of: "),
        ('{"cuont": 2}', "did you mean 'count'?"),
        ('{"count": "x", "of": "c"}', "; "),
        ('{"a": "' + "x" * 300_000 + '"}', "longer than"),
        ("[" * 5000, "not JSON"),
        ('{"of": "' + "x" * 5000 + '"}', "xxx"),
    ],
)
def test_arguments_that_do_not_fit_are_named(text: str, told: str) -> None:
    with pytest.raises(InvalidArguments, match=re.escape(told)) as refused:
        COUNT.check(COUNT.parse(text))
    assert len(str(refused.value)) < 1000


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}},
        {"type": "object", "properties": {"a": {"type": "nonsense"}}},
        {"type": "object", "properties": 5},
        {"$ref": "#/$defs/none"},
    ],
)
def test_a_schema_that_is_none_says_nothing(schema: JsonObject) -> None:
    assert ArgumentChecker(schema).check({"a": 1} if isinstance(schema.get("properties"), dict) else {}) is not None


simple = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["count", "of", "x"]), simple))
def test_what_passes_satisfies_the_schema(arguments: JsonObject) -> None:
    schema: JsonObject = {"type": "object", "properties": {"count": {"type": "integer"}, "of": {"type": "string"}}}
    try:
        checked = ArgumentChecker(schema).check(arguments)
    except InvalidArguments:
        return
    assert jsonschema_rs.is_valid(schema, checked)
