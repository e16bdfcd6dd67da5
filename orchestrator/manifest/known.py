"""What the documents say of single members, as tables: lengths, known values, and what is missing by default. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.manifest.fragments import SPECS

MAX_STRING = 4096
"""How long any string should be at most, in characters (spec 3.2)."""

LENGTHS: Mapping[str, int] = {
    "Manifest.name_for_human": 20,
    "Manifest.description_for_human": 100,
    "Manifest.description_for_model": 2048,
}
"""Characters beyond these may be ignored (spec 4.2.2 to 4.2.4)."""

UNMEASURED = frozenset({"OpenApiSpec.api_description"})
"""Strings that hold a document of their own."""

RICH_RESPONSES = (
    "https://copilot.microsoft.com/schemas/rich-response-v1.0.json",
    "https://copilot.microsoft.com/schemas/rich-responses-v1.0.json",
)
"""What `returns` may refer to: the M365 document and the specification spell it differently (spec 8.1)."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "Confirmation.type": ("None", "AdaptiveCard"),
    "SecurityInfo.data_handling": (
        "GetPublicData",
        "GetPrivateData",
        "DataTransform",
        "ResourceStateUpdate",
        "DataExport",
    ),
    "FunctionParameters.type": ("object",),
    "FunctionParameter.type": ("string", "array", "boolean", "integer", "number"),
    "Returns.type": ("string",),
    "Returns.$ref": RICH_RESPONSES,
    "Runtime.type": tuple(SPECS),
    "RuntimeAuth.type": ("None", "OAuthPluginVault", "ApiKeyPluginVault", "EntraOnBehalfOf"),
    "OpenApiSpec.progress_style": ("None", "ShowUsage", "ShowUsageWithInput", "ShowUsageWithInputAndOutput"),
    "LocalPluginSpec.allowed_host": ("mail", "workbook", "document", "presentation"),
}
"""The known values of a string, or of each string of an array, over all versions of the document."""

DEFAULTS: Mapping[str, str] = {
    "Manifest.description_for_human": "it is empty",
    "Runtime.auth": "calls are made without a credential",
    "Runtime.spec": "it is empty",
    "FunctionParameters.properties": "there are no parameters",
    "FunctionParameter.type": "any value is taken",
    "Returns.type": "it is a string",
    "ResponseSemantics.data_path": "it is '$', the whole answer",
    "SecurityInfo.data_handling": "nothing is attested",
    "LocalPluginSpec.local_endpoint": "its functions cannot be called",
    "RemoteMcpServerSpec.url": "its functions cannot be called",
}
"""Members that a document requires and that are read without, and what that means."""
