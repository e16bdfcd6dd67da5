"""A secret shows itself to nobody (issue 9, point 7)."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import pprint
import reprlib
import string
import traceback
from collections.abc import Callable
from dataclasses import asdict, astuple, replace

import orjson
import pytest
from rich import inspect
from rich.console import Console
from rich.pretty import pretty_repr

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


HELD = Attached(place="header", name="X", value=Secret(VALUE), hides=(Secret(VALUE),))


def _inspected(value: object) -> str:
    console = Console(file=io.StringIO(), width=200)
    inspect(value, console=console, all=True)
    with console.capture() as captured:
        console.print(value, {"secret": value}, [value])
    return captured.get() + console.file.getvalue() if isinstance(console.file, io.StringIO) else ""


def _logged(value: object) -> str:
    text = io.StringIO()
    logger = logging.Logger("tests.secret", logging.DEBUG)
    logger.addHandler(logging.StreamHandler(text))
    logger.debug("%s %r %-20s", value, value, value)
    logger.debug(value)
    return text.getvalue()


def _raised(value: object) -> str:
    try:
        raise ValueError(value)
    except ValueError as error:
        return "".join(traceback.format_exception(error)) + repr(error) + str(error.args)


def _pickled(value: object) -> str:
    with pytest.raises(TypeError) as raised:
        pickle.dumps(value)
    return str(raised.value)


def _as_json(value: object) -> str:
    with pytest.raises(TypeError):
        json.dumps({"secret": value})
    with pytest.raises(TypeError):
        orjson.dumps({"secret": value})
    return json.dumps([value], default=str) + orjson.dumps([value], default=str).decode()


WRITTEN: dict[str, Callable[[object], str]] = {
    "str": str,
    "repr": repr,
    "ascii": ascii,
    "f-string": lambda value: f"{value} {value!r} {value!s} {value!a}",
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031  # the old way to format
    "format": lambda value: "{} {!r}".format(value, value),  # noqa: UP032  # and the one after it
    "template": lambda value: string.Template("$x").substitute(x=value),
    "pprint": lambda value: pprint.pformat({"secret": [value]}, width=1),
    "reprlib": lambda value: reprlib.repr([value]),
    "rich": lambda value: pretty_repr([value]),
    "inspect": _inspected,
    "logging": _logged,
    "exception": _raised,
    "json": _as_json,
    "pickle": _pickled,
    "copy": lambda value: repr(copy.copy(value)) + repr(copy.deepcopy([value])),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_nothing_that_writes_values_down_writes_a_secret(write: Callable[[object], str]) -> None:
    assert VALUE not in write(Secret(VALUE))


@pytest.mark.parametrize("name", sorted({*WRITTEN} - {"json", "pickle"}))
def test_nor_does_it_where_something_holds_the_secret(name: str) -> None:
    assert VALUE not in WRITTEN[name](HELD)


def test_what_dataclasses_make_of_it_tells_nothing() -> None:
    assert VALUE not in f"{asdict(HELD)} {astuple(HELD)} {replace(HELD, name='Y')}"
    assert VALUE not in json.dumps(asdict(HELD), default=str)


def test_a_secret_has_no_members_to_look_at() -> None:
    secret = Secret(VALUE)
    with pytest.raises(TypeError):
        vars(secret)
    with pytest.raises(TypeError):
        iter(secret)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]


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
