"""A secret shows itself to nobody (issue 9, point 7)."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict

import pytest

from auth import Attached, Secret

VALUE = "canary-1234"


def test_a_secret_is_masked_wherever_a_text_is_made_of_it() -> None:
    secret = Secret(VALUE)
    attached = Attached(place="header", name="X", value=secret, hides=(secret,))
    texts = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>30}",
        repr(attached),
        repr(asdict(attached)),
    ]
    assert not [text for text in texts if VALUE in text]
    assert secret.reveal() == VALUE


def test_a_secret_is_neither_pickled_nor_written_as_json() -> None:
    with pytest.raises(TypeError, match="not written down"):
        pickle.dumps(Secret(VALUE))
    with pytest.raises(TypeError) as raised:
        json.dumps(Secret(VALUE))
    assert VALUE not in str(raised.value)


def test_secrets_are_compared_by_what_they_hold() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert len({Secret(VALUE), Secret(VALUE), Secret("other")}) == 2
    assert Secret(VALUE) != VALUE
    assert copy.deepcopy(Secret(VALUE)) == copy.copy(Secret(VALUE))
