"""Labels only grow, and it does not matter in which order they are joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.labels import CLEAN, Label, join

NAMES = st.sets(st.sampled_from("abcd")).map(lambda names: tuple(sorted(names)))
AS_FORGED = st.lists(st.sampled_from("abcd"), max_size=6).map(tuple)
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


@given(LABELS, LABELS)
def test_a_join_with_one_that_holds_the_other_is_that_one(label: Label, other: Label) -> None:
    joined = label | other
    assert joined | other is joined
    assert other | joined in (joined, other)
    assert (label | joined) == joined


@given(AS_FORGED, AS_FORGED)
def test_a_label_that_names_a_plugin_twice_or_in_any_order_loses_nothing(
    left: tuple[str, ...], right: tuple[str, ...]
) -> None:
    joined = Label(seen=left, private=right) | Label(seen=right, isolated=left)
    assert {*joined.seen} == {*left, *right}
    assert ({*joined.private}, {*joined.isolated}) == ({*right}, {*left})


@given(LABELS, st.sets(st.sampled_from("abcd")))
def test_a_label_is_of_those_whose_instructions_it_may_hold(label: Label, plugins: set[str]) -> None:
    assert label.is_of_any(plugins) == bool({*label.seen} & plugins)
    assert label.is_of_any(tuple(plugins)) == label.is_of_any(plugins)
