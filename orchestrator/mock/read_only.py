"""The members of a request that only answers have (OpenAPI 3.0.4, Schema Object, `readOnly`). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.mock.shapes import Shape
from runtimes.values import Json

MAX_LOOKED_AT = 20_000
"""Values of one request that are looked at."""


def read_only_members(shape: Shape, value: Json) -> Iterator[str]:
    """Their pointers."""
    pending: list[tuple[Shape, Json, str]] = [(shape, value, "")]
    for _ in range(MAX_LOOKED_AT):
        if not pending:
            return
        shape, value, pointer = pending.pop()
        if isinstance(value, list):
            items = [(index, one) for index, one in enumerate(value) if isinstance(one, dict | list)]
            pending += [(shape.item(index), one, f"{pointer}/{index}") for index, one in items]
        for name, member in value.items() if isinstance(value, dict) else ():
            place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            if shape.is_hidden(name):
                yield place
            elif isinstance(member, dict | list):
                pending.append((shape.member(name), member, place))
