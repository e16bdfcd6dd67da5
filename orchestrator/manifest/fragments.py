"""The parts of a manifest that are kept as plain JSON, as types: what examination knows of the members in them.

Nothing is read through these types. Runtimes get their `spec` and models get `parameters` as the author wrote them;
a mistake in there costs a function or two, never the plugin.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from runtimes.values import Json, JsonObject


class _Fragment(BaseModel):
    """No validator is built, since nothing is read through it."""

    model_config = ConfigDict(defer_build=True)


class FunctionParameter(_Fragment):
    """What is said of one parameter (spec 7)."""

    type: str
    description: str
    items: FunctionParameter
    enum: tuple[Json, ...]
    """Strings, where `type` is one."""
    default: Json
    properties: dict[str, FunctionParameter]
    """JSON Schema's, not the specification's: real manifests nest objects."""


class FunctionParameters(_Fragment):
    """The parameters of a function (spec 6)."""

    type: str
    properties: dict[str, FunctionParameter]
    required: tuple[str, ...]


class Returns(_Fragment):
    """What is said of the value that a function returns (spec 8)."""

    type: str
    description: str
    rich: str = Field(alias="$ref")


class ResponseProperties(_Fragment):
    """Where the well-known elements of a result lie (spec 9.4.2.2); `queries.py` reads the values."""

    title: Json
    subtitle: Json
    url: Json
    thumbnail_url: Json
    information_protection_label: Json
    template_selector: Json


class OpenApiSpec(_Fragment):
    """Which description an OpenApi runtime follows (spec 11.3)."""

    url: str
    api_description: str
    progress_style: str


class LocalPluginSpec(_Fragment):
    """Which program a LocalPlugin runtime starts (spec 11.4); `allowed_host` is of version 2.3."""

    local_endpoint: str
    allowed_host: tuple[str, ...]


class McpToolDescription(_Fragment):
    """The tools of an MCP server, in a file or outright (version 2.4)."""

    file: str
    tools: tuple[JsonObject, ...]


class RemoteMcpServerSpec(_Fragment):
    """Which MCP server a RemoteMCPServer runtime calls (version 2.4)."""

    url: str
    mcp_tool_description: McpToolDescription = Field(
        validation_alias=AliasChoices("mcp_tool_description", "x-mcp_tool_description")
    )


class LocalizedText(_Fragment):
    """A text in one language, as versions up to 2.1 have it."""

    message: str
    description: str


FRAGMENTS: Mapping[str, object] = {
    "Function.parameters": FunctionParameters,
    "Function.returns": Returns,
    "ResponseSemantics.properties": ResponseProperties,
    "PluginCapabilities.localization": dict[str, dict[str, LocalizedText]],
}
"""For the members that are plain JSON in the model, what lies in them."""

SPECS: Mapping[str, type[BaseModel]] = {
    "OpenApi": OpenApiSpec,
    "LocalPlugin": LocalPluginSpec,
    "RemoteMCPServer": RemoteMcpServerSpec,
}
"""What lies in `spec`, by the type of the runtime."""

KINDS_OF_FRAGMENTS = frozenset(
    model.__name__
    for model in (FunctionParameters, FunctionParameter, Returns, ResponseProperties, LocalizedText, McpToolDescription)
) | {model.__name__ for model in SPECS.values()}
"""The kinds of object whose types nobody has checked when rules look at them."""
