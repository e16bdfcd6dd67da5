"""How conversations are divided among processes (issue 6)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.testing.batches import (
    LENGTH_BYTES,
    MAX_BATCH,
    Batch,
    Manner,
    Ready,
    as_frame,
    batches_of,
    chosen_in,
    from_frame,
)
from orchestrator.testing.format.conversation import Conversation
from orchestrator.testing.format.places import Placed
from orchestrator.testing.judging.judge import Failure
from orchestrator.testing.playing.collect import Choice, Collected
from orchestrator.testing.playing.outcome import Outcome

PLACED = Placed(conversation=Conversation.model_validate({"turns": [{"say": "Hi"}]}))


def collected(*counts: int) -> Collected:
    """Files with so many conversations each."""
    files = (f"{name}.conversation.yaml" for name, count in enumerate(counts) for _ in range(count))
    return Collected(conversations=tuple((file, PLACED) for file in files))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(1, 9), st.integers(0, 40), st.booleans())
def test_each_conversation_is_in_one_batch_at_its_place_in_its_file(
    counts: list[int], jobs: int, skipped: int, whole: bool
) -> None:
    chosen = chosen_in(collected(*counts))
    batches = batches_of(chosen, jobs, skipped=skipped, whole=whole)
    assert sorted(number for batch in batches for number in batch.numbers) == list(range(skipped, len(chosen)))
    for batch in batches:
        assert [(chosen[number].file, chosen[number].index) for number in batch.numbers] == [
            (batch.file, index) for index in batch.indices
        ]
    if whole:
        assert len({batch.file for batch in batches}) == len(batches)
    else:
        assert all(len(batch.numbers) <= MAX_BATCH for batch in batches)


def test_conversations_that_are_chosen_in_another_order_keep_their_places() -> None:
    first, second, third = chosen_in(collected(2, 1))
    assert batches_of([third, second, first], 1) == (
        Batch(file="1.conversation.yaml", indices=(0,), numbers=(0,)),
        Batch(file="0.conversation.yaml", indices=(1,), numbers=(1,)),
        Batch(file="0.conversation.yaml", indices=(0,), numbers=(2,)),
    )
    assert batches_of([second, third, first], 1, whole=True) == (
        Batch(file="0.conversation.yaml", indices=(1, 0), numbers=(0, 2)),
        Batch(file="1.conversation.yaml", indices=(0,), numbers=(1,)),
    )


def test_every_process_gets_something() -> None:
    assert len(batches_of(chosen_in(collected(8)), 2)) == 8
    assert len(batches_of(chosen_in(collected(200)), 2)) == 20


def test_what_is_left_of_a_batch_begins_after_what_was_played() -> None:
    batch = Batch(file="a", indices=(3, 4, 5), numbers=(7, 8, 9))
    assert batch.after(2) == Batch(file="a", indices=(5,), numbers=(9,))


def test_what_goes_from_one_process_to_another_comes_as_it_was() -> None:
    failure = Failure(kind="text", pointer="/x", line=1, column=2, message="é", details=(("came", "\ud800"),))
    for value in (
        Ready(),
        Manner(choice=Choice(text="a", tags=("b",)), update=True),
        Batch(file="a", indices=(0,), numbers=(0,)),
        Outcome(file="a", name="b", failures=(failure,), seconds=0.5),
    ):
        frame = as_frame(value)
        assert int.from_bytes(frame[:LENGTH_BYTES], "big") == len(frame) - LENGTH_BYTES
        assert from_frame(frame[LENGTH_BYTES:]) == value
