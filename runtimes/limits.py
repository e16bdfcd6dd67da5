"""The limits of every document and every JSON text that strangers wrote: what keeps reading them bounded.

Any JSON text is held to `MAX_DEPTH`, `MAX_VALUES` and `MAX_NUMBER_DIGITS`, a document to the others too. The places of
a text (`runtimes.positions`) have a stricter limit of their own, because each of them costs memory.
"""

from __future__ import annotations

MAX_JSON_BYTES = 32 * 1024 * 1024
"""Bytes of a JSON document."""

MAX_YAML_BYTES = 8 * 1024 * 1024
"""Bytes of a YAML document; reading it costs about fifty times as much as JSON."""

MAX_DEPTH = 128
"""How many containers may lie inside each other, aliases followed; deeper ones break recursive readers."""

MAX_VALUES = 1_000_000
"""How many values a text may have, containers included, those that aliases repeat counted each time."""

MAX_NUMBER_DIGITS = 400
"""Digits of a number that stand together; a double has at most 309 before the point."""

MAX_STRING_CHARS = 1024 * 1024
"""Code points of a string in a document."""

MAX_KEY_CHARS = 1000
"""Code points of a key in a document; pointers repeat the keys on the way."""

MAX_ALIASES = 10_000
"""How many aliases a YAML document may have."""

MAX_ALIASED_CHARS = 8 * 1024 * 1024
"""Code points that the aliases of a YAML document may repeat, in strings and keys together."""

MAX_TAG_DIRECTIVES = 16
"""How many `%TAG` lines a YAML document may have; a reader compares each of them with all others."""
