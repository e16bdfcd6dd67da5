"""Prebuilt functions of the card language that take addresses apart. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from orchestrator.response.cards.arguments import exact_text, named
from orchestrator.response.cards.function import Function, Kind, NoValue, Setting
from orchestrator.response.cards.values import Value
from orchestrator.response.cards.web_address import BadAddress, WebAddress, web_address

MAX_ADDRESS = 100_000
"""Characters of an address that is taken apart."""


def _query(address: WebAddress) -> str:
    return f"?{address.query}" if address.query else ""


def _part(name: str, part: Callable[[WebAddress], Value], gives: Kind = Kind.STRING) -> Function:
    def call(arguments: Sequence[Value], setting: Setting) -> Value:
        text = exact_text(arguments[0])
        setting.budget.make(3 * len(text))
        try:
            if len(text) > MAX_ADDRESS:
                raise BadAddress(f"it is longer than {MAX_ADDRESS} characters")
            return part(web_address(text))
        except BadAddress as error:
            raise NoValue(f"{named(text.partition('?')[0])} is no absolute address: {error}") from None

    return Function(name=name, gives=gives, takes=(Kind.ANY,), call=call)


FUNCTIONS: tuple[Function, ...] = (
    _part("uriHost", lambda address: address.host),
    _part("uriPath", lambda address: address.path),
    _part("uriPathAndQuery", lambda address: address.path + _query(address)),
    _part("uriPort", lambda address: math.nan if address.port is None else address.port, Kind.NUMBER),
    _part("uriQuery", _query),
    _part("uriScheme", lambda address: address.scheme),
)
