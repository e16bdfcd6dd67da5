"""The shape that each version of the manifest prescribes, as JSON Schema of our own. Pure.

The shapes accept what the official schemas accept, and the few things that the documents allow beyond them
(`orchestrator.check.differences`). Two habits keep mistakes explainable: an object that has several forms is told apart
by a member (`if`, `then`, `else`) rather than tried against all of them, and there are no references, so that the place
of a keyword is found by walking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.check.versions import UNDERSCORES, Version
from runtimes.values import Json, JsonObject

INSTEAD = "x-instead"
"""Annotation of a shape: the member that may be there instead of the one that it requires."""

ALONE = "x-alone"
"""Annotation of a shape: the member that nothing may stand beside."""

_EXTENSION = "^x-"
_LANGUAGE = "^[a-zA-Z]{2,3}(-[a-zA-Z]{2})?$"
_LOCALIZATION_KEY = "^[A-Za-z_][A-Za-z0-9_]*$"
_RICH_RESPONSE = "https://copilot.microsoft.com/schemas/rich-response-v1.0.json"

_SIMPLE_TYPES = ("string", "boolean", "integer", "number")
_VAULTS = ("OAuthPluginVault", "ApiKeyPluginVault")
_ON_BEHALF = "EntraOnBehalfOf"
_AUTH_TYPES = ("None", *_VAULTS, _ON_BEHALF)
_DATA_HANDLING = ("GetPublicData", "GetPrivateData", "DataTransform", "ResourceStateUpdate", "DataExport")
_PROGRESS_STYLES = ("None", "ShowUsage", "ShowUsageWithInput", "ShowUsageWithInputAndOutput")
_CITED = ("title", "subtitle", "url", "thumbnail_url", "information_protection_label", "template_selector")


_ANYTHING: JsonObject = {}
_TEXT: JsonObject = {"type": "string"}
_TEXTS: JsonObject = {"type": "array", "items": _TEXT}
_TEXT_OR_TEXTS: JsonObject = {"type": ["string", "array"], "items": _TEXT}


def _listed(names: Sequence[str]) -> list[Json]:
    return list(names)


def _has(*names: str) -> JsonObject:
    return {"required": _listed(names)}


def _where(member: str, shape: JsonObject) -> JsonObject:
    """The member is there and has the shape."""
    return {"required": [member], "properties": {member: shape}}


def _array(items: JsonObject) -> JsonObject:
    return {"type": "array", "items": items}


def _known(values: Sequence[str]) -> JsonObject:
    """A value of a known set, or an extension of it (spec 3.6)."""
    return {"type": "string", "if": {"pattern": _EXTENSION}, "else": {"enum": _listed(values)}}


def _object(members: Mapping[str, JsonObject], *required: str) -> JsonObject:
    """These members, and extensions (spec 3.5)."""
    return {
        "type": "object",
        "properties": dict(members),
        "required": _listed(required),
        "additionalProperties": False,
        "patternProperties": {_EXTENSION: True},
    }


def _only_if(is_there: bool, members: Mapping[str, JsonObject]) -> Mapping[str, JsonObject]:
    return members if is_there else {}


def _parameter(types: Sequence[str], items: JsonObject) -> JsonObject:
    default: JsonObject = {"type": ["string", "boolean", "integer", "number", "array"]}
    members = {"type": _known(types), "items": items, "enum": _TEXTS, "description": _TEXT, "default": default}
    return _object(members, "type")


def _parameters() -> JsonObject:
    parameter = _parameter((*_SIMPLE_TYPES, "array"), items=_parameter(_SIMPLE_TYPES, items=_ANYTHING))
    properties: JsonObject = {"type": "object", "patternProperties": {UNDERSCORES: parameter}}
    kind: JsonObject = {"type": "string", "const": "object"}
    return _object({"type": kind, "properties": properties, "required": _TEXTS}, "properties")


def _returns() -> JsonObject:
    rich: JsonObject = {"type": "string", "const": _RICH_RESPONSE}
    return {
        "type": "object",
        "if": _has("$ref"),
        "then": _object({"$ref": rich}, "$ref"),
        "else": _object({"type": _known(["string"]), "description": _TEXT}, "type"),
    }


def _states() -> JsonObject:
    state = _object({"description": _TEXT, "instructions": _TEXT_OR_TEXTS, "examples": _TEXT_OR_TEXTS})
    return _object({"reasoning": state, "responding": state, "disengaging": state})


def _confirmation(version: Version) -> JsonObject:
    members: dict[str, JsonObject] = {"type": _known(["None", "AdaptiveCard"]), "title": _TEXT, "body": _TEXT}
    flag: JsonObject = {"type": "boolean"}
    return _object({**members, **_only_if(version.has_non_consequential, {"isNonConsequential": flag})})


def _card(version: Version) -> JsonObject:
    if not version.has_card_files:
        return {"type": "object"}
    reference: JsonObject = {
        "properties": {"file": _TEXT},
        "additionalProperties": False,
        "patternProperties": {_EXTENSION: True},
        ALONE: "file",
    }
    return {"type": "object", "if": _has("file"), "then": reference}


def _function_capabilities(version: Version) -> JsonObject:
    semantics = _object(
        {
            "data_path": _TEXT,
            "properties": _object(dict.fromkeys(_CITED, _TEXT)),
            "static_template": _card(version),
            "oauth_card_path": _TEXT,
        },
        "data_path",
    )
    security = _object({"data_handling": _array(_known(_DATA_HANDLING))})
    members = {"confirmation": _confirmation(version), "response_semantics": semantics}
    return _object({**members, **_only_if(version.has_security_info, {"security_info": security})})


def _function(version: Version) -> JsonObject:
    members: dict[str, JsonObject] = {
        "id": _TEXT,
        "name": {"type": "string", "pattern": version.function_name},
        "description": _TEXT,
        "parameters": _parameters(),
        "returns": _returns(),
        "states": _states(),
        "capabilities": _function_capabilities(version),
    }
    return _object(members, "name")


def _auth(version: Version) -> JsonObject:
    kind = _known(_AUTH_TYPES)
    members: dict[str, JsonObject] = {"type": kind, "Type": kind, "reference_id": _TEXT}
    is_vault = _where("type", {"enum": _listed(_VAULTS)})
    named: JsonObject = {"if": is_vault, "then": _has("reference_id")} if version.requires_credentials else {}
    return {
        "if": _where("type", {"const": _ON_BEHALF}),
        "then": _object({**members, "scopes": _TEXTS}),
        "else": _object(members, *(["type"] if version.requires_credentials else [])),
        "allOf": [named],
    }


def _openapi_spec() -> JsonObject:
    members = {"url": _TEXT, "api_description": _TEXT, "progress_style": _known(_PROGRESS_STYLES)}
    required: JsonObject = {"if": _has("api_description"), "else": {**_has("url"), INSTEAD: "api_description"}}
    return {**_object(members), **required}


def _local_spec(version: Version) -> JsonObject:
    endpoint = _known(version.local_endpoints) if version.local_endpoints else _TEXT
    hosts = {"allowed_host": _array(_known(version.allowed_hosts))}
    members = {"local_endpoint": endpoint, **_only_if(bool(version.allowed_hosts), hosts)}
    return _object(members, "local_endpoint")


def _mcp_spec() -> JsonObject:
    tools: JsonObject = {"properties": {"tools": _array({"type": "object"})}}
    file: JsonObject = {**_object({"file": _TEXT}, "file"), INSTEAD: "tools"}
    described: JsonObject = {"type": "object", "if": _has("tools"), "then": tools, "else": file}
    return _object({"url": _TEXT, "mcp_tool_description": described}, "url")


def _spec_by_member(version: Version) -> JsonObject:
    """As the schema has it, `type` does not matter; it says which form was meant where no member does."""
    is_described: JsonObject = {"anyOf": [_has("url"), _has("api_description")]}
    is_bare_local: JsonObject = {
        "required": ["type", "spec"],
        "properties": {"type": {"const": "LocalPlugin"}, "spec": {"not": is_described}},
    }
    return {
        "if": {"anyOf": [_where("spec", _has("local_endpoint")), is_bare_local]},
        "then": {"properties": {"spec": _local_spec(version)}},
        "else": {"properties": {"spec": _openapi_spec()}},
    }


def _spec(version: Version) -> JsonObject:
    """What the runtime around a `spec` is held to."""
    if version.specs == "open":
        members = {"url": _TEXT, "api_description": _TEXT, "progress_style": _known(_PROGRESS_STYLES)}
        return {"properties": {"spec": {"properties": dict(members)}}}
    if version.specs == "by member":
        return _spec_by_member(version)
    forms = {"OpenApi": _openapi_spec(), "LocalPlugin": _local_spec(version), "RemoteMCPServer": _mcp_spec()}
    return {
        "allOf": [
            {"if": _where("type", {"const": kind}), "then": {"properties": {"spec": form}}}
            for kind, form in forms.items()
        ]
    }


def _runtime(version: Version) -> JsonObject:
    members: dict[str, JsonObject] = {
        "type": _known(version.runtime_types),
        "auth": _auth(version),
        "run_for_functions": _TEXTS,
        "spec": {"type": "object"},
        **_only_if(version.has_output_template, {"output_template": _TEXT}),
    }
    is_extension = _where("type", {"type": "string", "pattern": _EXTENSION})
    return {**_object(members, "type", "auth", "spec"), "if": is_extension, "else": _spec(version)}


def _capabilities(version: Version) -> JsonObject:
    starter = _object({"text": _TEXT, "title": _TEXT}, "text")
    text = _object({"message": _TEXT, "description": _TEXT}, "message", "description")
    texts: JsonObject = {"type": "object", "patternProperties": {_LOCALIZATION_KEY: text}}
    localization: JsonObject = {"type": "object", "patternProperties": {_LANGUAGE: texts}}
    deprecated = _only_if(version.has_localization, {"localization": localization})
    return _object({"conversation_starters": _array(starter), **deprecated})


def schema_of(version: Version) -> JsonObject:
    """The shape of a whole document, whatever its `schema_version` says; formats and lengths are not judged."""
    members: dict[str, JsonObject] = {
        "$schema": _ANYTHING,
        "schema_version": _ANYTHING,
        "name_for_human": _TEXT,
        "namespace": {"type": "string", "pattern": version.namespace},
        "description_for_model": _TEXT,
        "description_for_human": _TEXT,
        "logo_url": _ANYTHING,
        "contact_email": _TEXT if version.requires_credentials else _ANYTHING,
        "legal_info_url": _ANYTHING,
        "privacy_policy_url": _ANYTHING,
        "functions": _array(_function(version)),
        "runtimes": _array(_runtime(version)),
        "capabilities": _capabilities(version),
    }
    return _object(members, "name_for_human", "namespace", "description_for_human")
