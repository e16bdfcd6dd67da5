"""A function becomes a tool: its name, its description and the schema of its arguments."""

from __future__ import annotations

import hashlib
import re

from orchestrator.manifest.model import Function
from orchestrator.model.base import ToolDefinition
from orchestrator.tools.declared import declared_schema
from runtimes.base import FunctionSignature
from runtimes.values import JsonObject

MAX_NAME = 64
"""Characters in a tool's name; what OpenAI-compatible servers accept."""

MAX_DESCRIPTION = 4096
"""Characters of a tool's description (spec 3.2 for each string of it)."""

WITHDRAW = "withdraw"
"""The name of the tool that ends a conversation; manifests call it `withdraw()` in their instructions."""

_LEGAL = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_NAME}}}")
_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")

WITHDRAW_TOOL = ToolDefinition(
    name=WITHDRAW,
    description="Ends this conversation politely. Only for what the instructions of a plugin say must be refused.",
    parameters={"type": "object", "properties": {}},
)


def tool_name(namespace: str, function: str) -> str:
    """`namespace-function`, legal and at most `MAX_NAME` long; a stable hash makes a shortened name unique."""
    full = f"{namespace}-{function}"
    if _LEGAL.fullmatch(full):
        return full
    legal = _ILLEGAL.sub("_", full)
    digest = hashlib.sha256(full.encode()).hexdigest()[:8]
    return f"{legal[: MAX_NAME - 9]}_{digest}"


def _returns(function: Function) -> str:
    description = (function.returns or {}).get("description")
    return f"Returns: {description.strip()}" if isinstance(description, str) and description.strip() else ""


def describe(function: Function | None, signature: FunctionSignature) -> str:
    """The tool's description: the function's own, its `states.reasoning.description`, and what it returns.

    A function without a description takes the runtime's (spec 5.2.2, 10.2.1, 8.2.2).
    """
    if function is None:
        return signature.description[:MAX_DESCRIPTION]
    own = function.description or signature.description
    parts = (own, function.states.reasoning.description or "", _returns(function))
    return "\n".join(part.strip() for part in parts if part.strip())[:MAX_DESCRIPTION]


def parameters_of(function: Function | None, signature: FunctionSignature) -> JsonObject:
    """The schema of the arguments: the manifest's (spec 6), else the runtime's (spec 5.2.3)."""
    declared = function.parameters if function is not None else None
    schema = declared_schema(declared) if declared is not None else signature.parameters
    given = schema.get("properties")
    if declared is None and isinstance(given, dict) and schema.get("type") == "object":
        return schema
    properties: JsonObject = given if isinstance(given, dict) else {}
    whole: JsonObject = {**schema, "type": "object", "properties": properties}
    required = schema.get("required")
    if declared is not None and isinstance(required, list):  # spec 6.2.3: the names of properties, and no others
        whole["required"] = [name for name in required if isinstance(name, str) and name in properties]
    return whole
