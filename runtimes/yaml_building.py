"""A YAML 1.2 text as a plain JSON value, within limits. For text that `runtimes.documents` has let through.

It is read as the 1.2 core schema has it: `on`, `no` and dates are strings, keys are their own text. The merge keys of
YAML 1.1 are read too, since people write them. It is built from events rather than by recursion, so that neither
nesting nor aliases can grow beyond the limits.
"""

from __future__ import annotations

from typing import Protocol

import yaml

from runtimes.limits import MAX_ALIASED_CHARS, MAX_ALIASES, MAX_DEPTH, MAX_VALUES
from runtimes.values import Json, invalid_at
from runtimes.yaml_scalars import Refusal, check_tag, is_merge, key_of, scalar_of


class EventSource(Protocol):
    """Gives the events of a YAML text one by one."""

    def get_event(self) -> yaml.Event | None: ...

    def dispose(self) -> None: ...


def event_source(text: str) -> EventSource:
    """The fastest reader there is of a YAML text; `dispose` it."""
    return yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)


def _size(value: Json) -> tuple[int, int]:
    """How many values and how many characters there are, counted no further than `MAX_VALUES`."""
    values = characters = 0
    stack = [value]
    while stack and values <= MAX_VALUES:
        node = stack.pop()
        values += 1
        if isinstance(node, dict):
            stack.extend(node.values())
            characters += sum(map(len, node))
        elif isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, str):
            characters += len(node)
    return values, characters


class _Collection:
    """A sequence or mapping whose end has not come."""

    def __init__(self, anchor: str | None, *, is_mapping: bool) -> None:
        self.anchor = anchor
        self.value: dict[str, Json] | list[Json] = {} if is_mapping else []
        self.key: str | None = None
        self.merged: list[dict[str, Json]] | None = None
        """The mappings whose members it has where it has none of its own; None without a merge key."""
        self.is_merging = False
        """True while the value of a merge key is awaited."""

    def add(self, value: Json) -> None:
        """Takes an item, the value of the key before it, or what is merged. Raises: `Refusal`."""
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.is_merging:
            self._merge(value)
        elif self.key is not None:
            self.value[self.key] = value
        self.key, self.is_merging = None, False

    def _merge(self, value: Json) -> None:
        mappings = value if isinstance(value, list) else [value]
        self.merged = [one for one in mappings if isinstance(one, dict)]
        if len(self.merged) < len(mappings):
            raise Refusal("what a merge key (<<) merges must be a mapping or a list of mappings")

    def finish(self) -> dict[str, Json] | list[Json]:
        """The whole value: members of its own first, then those of mappings that are merged, the first of a name."""
        for mapping in self.merged or ():
            for name, one in mapping.items():
                if isinstance(self.value, dict):
                    self.value.setdefault(name, one)
        return self.value


class _Builder:
    """Puts the events of one document together."""

    def __init__(self) -> None:
        self._stack: list[_Collection] = []
        self._anchors: dict[str, Json] = {}
        self._values = 0
        self._aliases = 0
        self._aliased_chars = 0
        self.documents = 0
        self.root: Json = None

    def feed(self, event: yaml.Event) -> None:
        """Takes one event. Raises: `Refusal`."""
        if isinstance(event, yaml.ScalarEvent):
            if self._expects_key():
                self._take_key(event)
            else:
                self._count(1)
                self._add(scalar_of(event), event.anchor)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            done = self._stack.pop()
            self._add(done.finish(), done.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._repeat(event.anchor)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise Refusal("there is more than one document in the file")

    def _expects_key(self) -> bool:
        top = self._stack[-1] if self._stack else None
        return top is not None and isinstance(top.value, dict) and top.key is None and not top.is_merging

    def _take_key(self, event: yaml.ScalarEvent) -> None:
        top, name = self._stack[-1], key_of(event)
        if name in top.value or (is_merge(event) and top.merged is not None):
            raise Refusal(f"the key {name[:80]!r} occurs twice")
        top.is_merging = is_merge(event)
        top.key = None if top.is_merging else name
        if event.anchor:
            self._anchors[event.anchor] = name

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self._count(1)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        if self._expects_key():
            raise Refusal("a key must be a string")
        check_tag(event.tag, "map" if is_mapping else "seq")
        if len(self._stack) >= MAX_DEPTH:
            raise Refusal(f"nested more than {MAX_DEPTH} deep")
        self._stack.append(_Collection(event.anchor, is_mapping=is_mapping))

    def _repeat(self, anchor: str | None) -> None:
        if anchor is None or anchor not in self._anchors:
            raise Refusal(f"the alias {(anchor or '')[:60]!r} has no anchor before it")
        if self._expects_key():
            raise Refusal("an alias cannot be a key here")
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise Refusal(f"there are more than {MAX_ALIASES} aliases")
        value = self._anchors[anchor]
        values, characters = _size(value)
        self._count(values)
        self._aliased_chars += characters
        if self._aliased_chars > MAX_ALIASED_CHARS:
            raise Refusal(f"aliases repeat more than {MAX_ALIASED_CHARS} characters")
        self._add(value, None)

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            raise Refusal(f"there are more than {MAX_VALUES} values, those that aliases repeat included")

    def _add(self, value: Json, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = value
        if not self._stack:
            self.root = value
            return
        self._stack[-1].add(value)


class _Mark(Protocol):
    @property
    def index(self) -> int: ...


def _unreadable_at(position: int, text: str) -> int:
    """The offset of a character that YAML does not allow; libyaml counts bytes."""
    if not yaml.__with_libyaml__:
        return position
    return len(text.encode()[:position].decode(errors="ignore"))


def _offset(mark: _Mark | None) -> int:
    return mark.index if mark else 0


def built_from_yaml(text: str) -> Json:
    """The value of one YAML 1.2 document. Raises: `InvalidJson` for what is not YAML, or goes beyond a limit."""
    builder = _Builder()
    event: yaml.Event | None = None
    try:
        source = event_source(text)
        try:
            while (event := source.get_event()) is not None:
                builder.feed(event)
        finally:
            source.dispose()
    except Refusal as refusal:
        raise invalid_at(str(refusal), text, _offset(event.start_mark if event else None)) from None
    except yaml.MarkedYAMLError as error:
        reason = error.problem or "not YAML"
        reason = "the escape is no character; write the character itself" if "escape code" in reason else reason
        raise invalid_at(reason, text, _offset(error.problem_mark or error.context_mark)) from None
    except yaml.reader.ReaderError as error:
        raise invalid_at(str(error).splitlines()[0], text, _unreadable_at(error.position, text)) from None
    if not builder.documents:
        raise invalid_at("there is nothing in it", text, 0)
    return builder.root
