"""The logs of libraries, kept from telling credentials."""

from __future__ import annotations

import logging

_TELLING = {
    "aiohttp": logging.CRITICAL,
    "authlib": logging.INFO,
    "hpack": logging.INFO,
    "httpcore2": logging.INFO,
    "httpx2": logging.WARNING,
    "mcp": logging.CRITICAL,
}
"""Loggers of libraries that write down whole header fields, URLs, tokens or what a stranger sends, and the level from
which they do not."""


def quieten_telling_logs() -> None:
    """Has the libraries say less than that, unless somebody has chosen what they say."""
    for name, level in _TELLING.items():
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(level)
