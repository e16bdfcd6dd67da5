"""Keeps secrets out of logs: a filter that takes them out of each record before anybody writes it down."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager

from auth.in_use import SecretsInUse

_HARMLESS = frozenset({"name", "levelname", "msg", "args", "exc_info", "exc_text", "stack_info"})
"""Members of a record that tell nothing, or are seen to on their own."""

_WRITER = logging.Formatter()
"""Writes tracebacks as every handler does that has no formatter of its own."""


class MaskedLogs(logging.Filter):
    """Takes the secrets out of records: of message, arguments, traceback, stack and whatever else was given along.

    It belongs on handlers: those of a logger see its own records only. It lets every record through.
    """

    def __init__(self, secrets: SecretsInUse) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """True. A record that holds no secret stays as it is."""
        if self._secrets:
            self._mask_message(record)
            self._mask_traceback(record)
            self._mask_others(record)
        return True

    def _mask_message(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):  # which the handler will say, and show message and arguments
            text = f"{record.msg!r} {record.args!r}"
        masked = self._secrets.masked(text)
        if masked is not text or self._tells(record.msg) or self._tells(record.args):
            record.msg, record.args = masked, ()

    def _mask_traceback(self, record: logging.LogRecord) -> None:
        if record.exc_info and not record.exc_text:
            text = _WRITER.formatException(record.exc_info)
            masked = self._secrets.masked(text)
            if masked is not text:
                record.exc_text, record.exc_info = masked, None
        if record.exc_text:
            record.exc_text = self._secrets.masked(record.exc_text)
        if record.stack_info:
            record.stack_info = self._secrets.masked(record.stack_info)

    def _mask_others(self, record: logging.LogRecord) -> None:
        members = vars(record)
        for name in members.keys() - _HARMLESS:
            if self._tells(members[name]):
                members[name] = self._secrets.masked(str(members[name]))

    def _tells(self, value: object) -> bool:
        if value is None or isinstance(value, int | float):
            return False
        text = value if isinstance(value, str) else repr(value)
        return self._secrets.masked(text) is not text


def _handlers() -> Iterator[logging.Handler]:
    """Those of every logger there is, and the one that stands in where there is none."""
    loggers = (one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger))
    for logger in (logging.root, *loggers):
        yield from logger.handlers
    if logging.lastResort is not None:
        yield logging.lastResort


@contextmanager
def mask_logs(secrets: SecretsInUse) -> Generator[None]:
    """While it lasts, no handler that is there by now writes one of the secrets.

    For programs: a library leaves the handlers of others alone. Who adds a handler later gives it a `MaskedLogs`.
    """
    masked = MaskedLogs(secrets)
    handlers = [*dict.fromkeys(_handlers())]
    for handler in handlers:
        handler.addFilter(masked)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(masked)
