"""Logs tell no secrets (issue 9, point 7)."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterator

import pytest

from auth import MaskedLogs, Secret, SecretsInUse, mask_logs

VALUE = "canary-12345678"
ENCODED = base64.b64encode(VALUE.encode()).decode()


class Told:
    """An object that tells a secret only when it is written down."""

    def __repr__(self) -> str:
        return f"<Told {VALUE}>"


@pytest.fixture
def secrets() -> SecretsInUse:
    known = SecretsInUse()
    known.learn("key", Secret(VALUE))
    return known


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler of the root logger writes, with all members of a record."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(message)s %(threadName)s %(also)s", defaults={"also": ""}))
    level = logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    yield text
    logging.root.removeHandler(handler)
    logging.root.setLevel(level)


LOGGER = logging.getLogger("tests.masked_logs")


def _fail() -> None:
    raise RuntimeError(f"the key is {VALUE}")


def _log_all() -> None:
    LOGGER.debug("key %s", VALUE)
    LOGGER.debug("key " + VALUE)  # noqa: G003  # as others do
    LOGGER.info("key %(key)s and %(other)s", {"key": ENCODED, "other": 1})
    LOGGER.info("told %r", Told())
    LOGGER.info(Told())
    LOGGER.warning("cut %s|%s", VALUE[:7], VALUE[7:])
    LOGGER.warning("also", extra={"also": VALUE})
    LOGGER.warning("also", extra={"also": [Told()]})
    try:
        _fail()
    except RuntimeError as error:
        LOGGER.exception("failed")
        LOGGER.error("failed: %s", error, exc_info=error)
    LOGGER.warning("where", stack_info=True)


def test_no_record_tells_a_secret(secrets: SecretsInUse, written: io.StringIO) -> None:
    with mask_logs(secrets):
        _log_all()
    text = written.getvalue()
    assert VALUE not in text
    assert ENCODED not in text
    assert text.count("[secret key]") >= 8
    assert "RuntimeError: the key is [secret key]" in text
    assert "in _fail" in text


def test_without_the_filter_they_would_be_told(written: io.StringIO) -> None:
    _log_all()
    assert written.getvalue().count(VALUE) >= 8


def test_a_record_without_secrets_stays_as_it_is(secrets: SecretsInUse, written: io.StringIO) -> None:
    with mask_logs(secrets):
        LOGGER.info("found %d of %s", 3, ["a"])
    assert written.getvalue().startswith("found 3 of ['a'] ")


def test_a_record_that_cannot_be_formatted_tells_nothing_either(
    secrets: SecretsInUse, written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    with mask_logs(secrets):
        LOGGER.info("%d", VALUE)
    assert VALUE not in written.getvalue() + capsys.readouterr().err
    assert "[secret key]" in written.getvalue()


def test_afterwards_the_handlers_are_as_they_were(secrets: SecretsInUse, written: io.StringIO) -> None:
    before = [[*handler.filters] for handler in logging.root.handlers]
    with mask_logs(secrets):
        assert all(isinstance(handler.filters[-1], MaskedLogs) for handler in logging.root.handlers)
    assert [[*handler.filters] for handler in logging.root.handlers] == before


def test_a_filter_that_knows_no_secret_looks_at_nothing() -> None:
    record = LOGGER.makeRecord("n", logging.INFO, "f", 1, Told(), (), None)
    assert MaskedLogs(SecretsInUse()).filter(record)
    assert isinstance(record.msg, Told)
