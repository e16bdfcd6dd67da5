"""Where a secret may begin is found in a few looks as it is by looking everywhere."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from auth.beginnings import Beginnings
from auth.masking import Masker

LETTERS = 'aAb1\\"%/+&#é -'
VALUES = st.text(st.sampled_from(LETTERS), min_size=8, max_size=12)


@given(
    values=st.lists(VALUES, max_size=3),
    text=st.one_of(st.text(st.sampled_from(LETTERS), max_size=40), st.text(max_size=40)),
    at=st.integers(0, 12),
)
@example(values=["a-bcdefgh"], text="so a", at=0)
@example(values=["ab-cdefgh"], text="so a", at=0)
@example(values=["ab-cdefgh", "-bcdefgh"], text="so -", at=0)
def test_the_first_place_where_a_secret_may_begin_is_found(values: list[str], text: str, at: int) -> None:
    forms = tuple(Masker({str(number): value for number, value in enumerate(values)}).forms)
    text += values[0][:at] if values else ""
    places = (at for at in range(len(text)) if any(form.may_begin(text, at) for form in forms))
    assert Beginnings(forms).first(text, []) == next(places, len(text))
