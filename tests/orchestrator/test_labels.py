"""Labels only grow, and it does not matter in which order they are joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.labels import CLEAN, Label, join

NAMES = st.sets(st.sampled_from("abcd")).map(lambda names: tuple(sorted(names)))
LABELS = st.builds(Label, seen=NAMES, private=NAMES, isolated=NAMES)


@given(st.lists(LABELS, max_size=5))
def test_a_join_holds_what_any_of_them_holds_in_any_order(labels: list[Label]) -> None:
    joined = join(labels)
    assert joined.seen == tuple(sorted({name for label in labels for name in label.seen}))
    assert joined.private == tuple(sorted({name for label in labels for name in label.private}))
    assert joined.isolated == tuple(sorted({name for label in labels for name in label.isolated}))
    assert join(sorted(labels, key=repr)) == joined


@given(LABELS)
def test_to_join_what_is_known_already_changes_nothing(label: Label) -> None:
    assert label | CLEAN == CLEAN | label == label | label == label
