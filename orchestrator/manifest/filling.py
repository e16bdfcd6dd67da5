"""Fills the placeholders of a manifest, and of the other documents of a package, in their values. Pure.

The names of members are the specification's own. A description that stands in a string (spec 11.3.2.2) is left as it
is written: it is filled when it is parsed, where a value cannot change its shape.
"""

from __future__ import annotations

from collections.abc import Mapping

from runtimes.placeholders import filled
from runtimes.values import Json, JsonObject

_DESCRIPTION = "api_description"


def _spec_with_description(runtime: Json) -> JsonObject | None:
    spec = runtime.get("spec") if isinstance(runtime, dict) else None
    return spec if isinstance(spec, dict) and isinstance(spec.get(_DESCRIPTION), str) else None


def _replaced(document: JsonObject, descriptions: Mapping[int, Json]) -> JsonObject:
    """The document with these descriptions in its runtimes, by number."""
    runtimes = document["runtimes"]
    assert isinstance(runtimes, list)
    made = [*runtimes]
    for index, description in descriptions.items():
        runtime, spec = runtimes[index], _spec_with_description(runtimes[index])
        assert isinstance(runtime, dict)
        assert spec is not None
        made[index] = {**runtime, "spec": {**spec, _DESCRIPTION: description}}
    return {**document, "runtimes": made}


def without_descriptions(document: JsonObject) -> tuple[JsonObject, Mapping[int, Json]]:
    """The document with empty texts for the descriptions in it, and these by the number of their runtime."""
    runtimes = document.get("runtimes")
    specs = enumerate(map(_spec_with_description, runtimes if isinstance(runtimes, list) else []))
    descriptions = {index: spec[_DESCRIPTION] for index, spec in specs if spec is not None}
    return (_replaced(document, dict.fromkeys(descriptions, "")) if descriptions else document), descriptions


def filled_manifest(document: Json, values: Mapping[str, str]) -> Json:
    """The document with its placeholders filled; those without a value are left."""
    if not isinstance(document, dict):
        return document
    bare, descriptions = without_descriptions(document)
    made = filled(bare, values, has_names=False)
    assert isinstance(made, dict)
    return _replaced(made, descriptions) if descriptions else made
