"""One parameter of an operation, as it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from runtimes.openapi.styles import Style
from runtimes.values import Json, JsonObject

Location = Literal["path", "query", "header", "cookie"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter:
    """One parameter."""

    name: str
    location: Location
    is_required: bool = False
    style: Style = "simple"
    explode: bool = False
    allows_reserved: bool = False
    """True when reserved characters of a value stay as they are (in queries)."""
    allows_empty: bool = False
    """True when the name alone may stand for a value that would be left out (in queries)."""
    within: tuple[str, ...] = ()
    """What separates the items of the arrays inside its array (Swagger 2.0), the outermost of them first."""
    media_type: str = ""
    """`text/plain` or `application/json` for a value that is no style's but a document of its own."""
    schema: JsonObject = field(default_factory=dict[str, Json])
    """As the description has it, references and all; the parameter's own description is in it."""
    obstacle: str = ""
    """Why it cannot be sent, and is left out; empty for what can."""

    @property
    def fallback(self) -> Json:
        """What a required parameter is sent with when no argument is given; None for nothing."""
        if not self.is_required:
            return None
        enum = self.schema.get("enum")
        single = enum[0] if isinstance(enum, list) and len(enum) == 1 else None
        return self.schema.get("default", self.schema.get("const", single))

    @property
    def shape(self) -> list[Json]:
        """All that decides what is sent for it."""
        flags: list[Json] = [self.is_required, self.explode, self.allows_reserved, self.allows_empty]
        return [self.name, self.location, *flags, self.style, self.media_type, self.obstacle, self.schema]
