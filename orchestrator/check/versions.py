"""What the versions of the manifest prescribe differently from each other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

UNDERSCORES = "^[A-Za-z0-9_]+$"
HYPHENS = "^[A-Za-z0-9-]+$"
BOTH = "^[A-Za-z0-9_-]+$"
NAMES: Mapping[str, str] = {
    UNDERSCORES: "letters, digits and underscores",
    HYPHENS: "letters, digits and hyphens",
    BOTH: "letters, digits, underscores and hyphens",
}
"""The patterns of names, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What differs between the versions; as it stands, version 2.2."""

    namespace: str = UNDERSCORES
    function_name: str = UNDERSCORES
    runtime_types: Sequence[str] = ("OpenApi", "LocalPlugin")
    specs: Literal["open", "by member", "by type"] = "by member"
    """Whether `spec` may have any member, or its form is told by its members, or by the type of the runtime."""
    local_endpoints: Sequence[str] = ("Microsoft.Office.Addin",)
    """The known values; none where any string will do."""
    allowed_hosts: Sequence[str] = ()
    """The known values of `allowed_host`; none where there is no such member."""
    has_localization: bool = False
    has_security_info: bool = True
    has_output_template: bool = True
    requires_credentials: bool = True
    """`auth` needs a `type`, and with a vault a `reference_id`."""
    has_card_files: bool = False
    """`static_template` may name a file."""
    has_non_consequential: bool = False
    """`confirmation` may have `isNonConsequential`."""


_HOSTS = ("mail", "workbook", "document", "presentation")

VERSIONS: Mapping[str, Version] = {
    "v2.1": Version(
        runtime_types=("OpenApi",),
        specs="open",
        has_localization=True,
        has_security_info=False,
        has_output_template=False,
        requires_credentials=False,
    ),
    "v2.2": Version(),
    "v2.3": Version(allowed_hosts=_HOSTS),
    "v2.4": Version(
        namespace=HYPHENS,
        function_name=BOTH,
        runtime_types=("OpenApi", "LocalPlugin", "RemoteMCPServer"),
        specs="by type",
        local_endpoints=(),
        allowed_hosts=_HOSTS,
        has_card_files=True,
        has_non_consequential=True,
    ),
}
"""The versions that have an official schema."""
