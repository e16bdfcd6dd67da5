"""Where each value and each key of a YAML text stands, and of a document in either language. Pure.

For text that `runtimes.documents` has accepted. The place of a value with an anchor or a tag is where these begin; an
alias stands where it is written, and what is inside it stands inside its anchor; so does what a merge key merges.
"""

from __future__ import annotations

import yaml

from runtimes.documents import is_json_object
from runtimes.positions import BOM, MAX_NODES, Lines, Node, Positions, scan_within_limits
from runtimes.yaml_building import event_source
from runtimes.yaml_scalars import is_merge


def _merge(into: Node, merged: list[Node]) -> None:
    """Adds what a mapping does not have itself, as the reader does."""
    for one in merged:
        for source in one.children if isinstance(one.children, list) else [one]:
            for name, node in source.children.items() if isinstance(source.children, dict) else ():
                if isinstance(into.children, dict):
                    into.children.setdefault(name, node)


class _Scanner:
    """Notes the offsets of the values and keys of one document."""

    def __init__(self) -> None:
        self.root = Node(at=0, key_at=0, part="", children=[])
        self._open = [self.root]
        self._anchors: dict[str, Node] = {}
        self._pending: list[str | None] = []
        """The anchors of the open collections, each defined when its collection ends."""
        self._key: tuple[str, int] | None = None
        self._is_merging = False
        """True while the value of a merge key is awaited."""
        self._merged: list[list[Node]] = [[]]
        """What is merged into each open collection."""
        self._count = 0

    @property
    def is_full(self) -> bool:
        """True when no further value is noted."""
        return self._count >= MAX_NODES

    def feed(self, event: yaml.Event) -> None:
        at = event.start_mark.index if event.start_mark else 0
        if isinstance(event, yaml.CollectionEndEvent):
            _merge(self._open[-1], self._merged.pop())
            self._define(self._pending.pop(), self._open.pop())
        elif isinstance(event, yaml.CollectionStartEvent):
            opened = self._add(at, {} if isinstance(event, yaml.MappingStartEvent) else [])
            self._open.append(opened)
            self._merged.append([])
            self._pending.append(event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(at, self._anchors[event.anchor or ""].children)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, at)

    def _scalar(self, event: yaml.ScalarEvent, at: int) -> None:
        if self._key is None and not self._is_merging and isinstance(self._open[-1].children, dict):
            self._is_merging = is_merge(event)
            self._key = None if self._is_merging else (event.value, at)
            self._define(event.anchor, Node(at=at, key_at=at, part="", children=None))
            return
        self._define(event.anchor, self._add(at, None))

    def _add(self, at: int, children: dict[str, Node] | list[Node] | None) -> Node:
        self._count += 1
        siblings = self._open[-1].children
        part, key_at = self._key or (str(len(siblings or ())), at)
        node = Node(at=at, key_at=key_at, part=part, children=children)
        self._key = None
        if self._is_merging:
            self._is_merging = False
            self._merged[-1].append(node)
        elif isinstance(siblings, dict):
            siblings[part] = node
        elif siblings is not None:
            siblings.append(node)
        return node

    def _define(self, anchor: str | None, node: Node) -> None:
        if anchor:
            self._anchors[anchor] = node


def scan_yaml(text: str) -> Positions:
    """The places in a text that `parse_yaml` has accepted; beyond `MAX_NODES` nothing more has a place of its own."""
    text = text.removeprefix(BOM)
    scanner = _Scanner()
    source = event_source(text)
    try:
        while not scanner.is_full and (event := source.get_event()) is not None:
            scanner.feed(event)
    finally:
        source.dispose()
    roots = scanner.root.children
    root = roots[0] if isinstance(roots, list) and roots else scanner.root
    return Positions(root, Lines(text))


def positions_of(data: bytes) -> Positions:
    """The places in a document that `parse_document` has accepted. As dear as parsing it: ask when there is a need."""
    scanned = scan_within_limits if is_json_object(data) else scan_yaml
    return scanned(data.decode("utf-8"))
