"""Values with all that is in them, and what a text has at a place."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from runtimes.positions import Place
from runtimes.values import Json

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["a/b", "~", "~1", "", "0", '"']
)
json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


def values_in(value: Json, *parts: str | int) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """The value and each one in it, with the steps that lead there."""
    yield parts, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in items:
        yield from values_in(inner, *parts, part)


def rest_at(text: str, place: Place | None) -> str:
    """What the text has from the place on."""
    assert place is not None
    return "\n".join(text.split("\n")[place.line - 1 :])[place.column - 1 :]
