"""Which members and values belong to which version of the document. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runtimes.values import Json, JsonObject

KNOWN_VERSIONS = ("v1", "v2", "v2.1", "v2.2", "v2.3", "v2.4")
"""The versions of the document that this host reads; another one is read as the last."""

SINCE: Mapping[str, str] = {
    "FunctionCapabilities.security_info": "v2.2",
    "Runtime.output_template": "v2.2",
    "LocalPluginSpec.allowed_host": "v2.3",
    "Confirmation.isNonConsequential": "v2.4",
    "static_template.file": "v2.4",
}
"""The version that brought a member."""

UNTIL: Mapping[str, str] = {"PluginCapabilities.localization": "v2.1"}
"""The last version that has a member."""

VALUES_SINCE: Mapping[str, str] = {"LocalPlugin": "v2.2", "RemoteMCPServer": "v2.4"}
"""The version that brought a type of runtime."""

_NO_SCHEMA = ("v1", "v2")
_JUDGED_AS = "v2.2"
_VERSION_IN_URI = re.compile(r"/(v\d{1,3}(?:\.\d{1,3})?)/")


def judged_version(document: JsonObject) -> str:
    """The version whose members the document may have: v1 and v2 have no schema and are judged by the text of 2.2."""
    version = document.get("schema_version")
    if version in _NO_SCHEMA:
        return _JUDGED_AS
    return version if isinstance(version, str) and version in KNOWN_VERSIONS else KNOWN_VERSIONS[-1]


def owning_version(path: str, version: str) -> str | None:
    """The version that has the member at `path`, where the document's own has it not."""
    return _newer(SINCE.get(path), version) or _older(UNTIL.get(path), version)


def owning_version_of_type(runtime_type: str, version: str) -> str | None:
    """The version that has the type of runtime, where the document's own has it not."""
    since = {name.casefold(): since for name, since in VALUES_SINCE.items()}
    return _newer(since.get(runtime_type.casefold()), version)


def version_in(schema_uri: Json) -> str | None:
    """The version that the URI of a schema names."""
    found = _VERSION_IN_URI.search(schema_uri) if isinstance(schema_uri, str) else None
    return found[1] if found else None


def _newer(since: str | None, version: str) -> str | None:
    return since if since and KNOWN_VERSIONS.index(since) > KNOWN_VERSIONS.index(version) else None


def _older(until: str | None, version: str) -> str | None:
    return until if until and KNOWN_VERSIONS.index(until) < KNOWN_VERSIONS.index(version) else None
