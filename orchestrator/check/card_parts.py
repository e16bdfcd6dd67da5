"""What elements of Adaptive Cards have in common, and what stands inside them: columns, rows, facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.check.card_members import (
    FLAG,
    NUMBER,
    OBJECT,
    PIXELS,
    TEXT,
    TEXTS,
    WIDTH,
    Kind,
    Member,
    many,
    one,
    or_dropped,
    or_text,
    words,
)

ELEMENT = "element"
"""The group of what stands in bodies and containers."""

ACTION = "action"
"""The group of buttons."""

CHOSEN = "chosen"
"""The group of what may happen when something is selected, which is no menu or card of its own."""

INLINE = "inline"
"""The group of what stands in a line of rich text; a string is one too."""

ALIGNED = words("left center right")
ALIGNED_DOWN = words("top center bottom")
STYLE = words("default emphasis", good=2, attention=2, warning=2, accent=2)

NAMED: Mapping[str, Member] = {"type": TEXT, "id": TEXT, "requires": OBJECT.of(2)}

ELEMENT_MEMBERS: Mapping[str, Member] = {
    **NAMED,
    "fallback": or_dropped(ELEMENT).of(2),
    "isVisible": FLAG.of(2),
    "separator": FLAG,
    "spacing": words("none small default medium large extraLarge padding"),
    "height": words("auto stretch").of(1),
    "horizontalAlignment": ALIGNED,
    "lang": TEXT.of(1),
}

SELECTABLE: Mapping[str, Member] = {"selectAction": one(CHOSEN).of(1)}

BACKGROUND = or_text(one("BackgroundImage"))

CONTAINER: Mapping[str, Member] = {
    **ELEMENT_MEMBERS,
    **SELECTABLE,
    "style": STYLE,
    "bleed": FLAG.of(2),
    "minHeight": PIXELS.of(2),
    "backgroundImage": BACKGROUND.of(2),
    "verticalContentAlignment": ALIGNED_DOWN.of(1),
    "rtl": FLAG.of(5),
}

LETTERS: Mapping[str, Member] = {
    "text": TEXT.required,
    "size": words("small default medium large extraLarge"),
    "weight": words("lighter default bolder"),
    "color": words("default dark light accent good warning attention"),
    "isSubtle": FLAG,
    "fontType": words("default monospace").of(2),
}

CELLS: Mapping[str, Member] = {
    "horizontalCellContentAlignment": ALIGNED.of(5),
    "verticalCellContentAlignment": ALIGNED_DOWN.of(5),
}

_PAGE: Mapping[str, Member] = {
    **ELEMENT_MEMBERS,
    **SELECTABLE,
    "items": many(ELEMENT).required,
    "minHeight": PIXELS,
    "backgroundImage": BACKGROUND,
    "verticalContentAlignment": ALIGNED_DOWN,
    "rtl": FLAG,
}

INSIDE: Mapping[str, Kind] = {
    "AdaptiveCard": Kind(
        members={
            **CONTAINER,
            "version": TEXT,
            "$schema": TEXT,
            "body": many(ELEMENT),
            "actions": many(ACTION),
            "fallbackText": TEXT,
            "speak": TEXT,
            "backgroundImage": BACKGROUND,
            "refresh": one("Refresh").of(4),
            "authentication": one("Authentication").of(4),
            "metadata": OBJECT.of(6),
        }
    ),
    "Column": Kind(members={**CONTAINER, "items": many(ELEMENT), "width": WIDTH}),
    "TableColumnDefinition": Kind(members={**CELLS, "type": TEXT, "width": WIDTH}, since=(1, 5)),
    "TableRow": Kind(members={**ELEMENT_MEMBERS, **CELLS, "cells": many("TableCell"), "style": STYLE}, since=(1, 5)),
    "TableCell": Kind(members={**CONTAINER, "items": many(ELEMENT).required}, since=(1, 5)),
    "CarouselPage": Kind(members=_PAGE, since=(1, 6)),
    "TextRun": Kind(
        members={
            **ELEMENT_MEMBERS,
            **LETTERS,
            **SELECTABLE,
            "italic": FLAG,
            "strikethrough": FLAG,
            "highlight": FLAG,
            "underline": FLAG.of(3),
        },
        since=(1, 2),
    ),
    "Data.Query": Kind(
        members={
            "type": TEXT,
            "dataset": TEXT.required,
            "filter": TEXT,
            "count": NUMBER,
            "skip": NUMBER,
            "value": TEXT,
            "associatedInputs": words("auto none"),
        },
        since=(1, 6),
    ),
    "Fact": Kind(members={"title": TEXT.required, "value": TEXT.required}, is_named=False),
    "Choice": Kind(members={"title": TEXT.required, "value": TEXT.required}, is_named=False),
    "MediaSource": Kind(members={"mimeType": TEXT, "url": TEXT.required}, since=(1, 1), is_named=False),
    "CaptionSource": Kind(
        members={"mimeType": TEXT, "url": TEXT.required, "label": TEXT}, since=(1, 6), is_named=False
    ),
    "TargetElement": Kind(members={"elementId": TEXT.required, "isVisible": FLAG}, is_named=False),
    "BackgroundImage": Kind(
        members={
            "url": TEXT.required,
            "fillMode": words("cover repeatHorizontally repeatVertically repeat").of(2),
            "horizontalAlignment": ALIGNED.of(2),
            "verticalAlignment": ALIGNED_DOWN.of(2),
        },
        is_named=False,
    ),
    "Refresh": Kind(
        members={"action": one("Action.Execute"), "expires": TEXT.of(6), "userIds": TEXTS}, since=(1, 4), is_named=False
    ),
    "Authentication": Kind(
        members={
            "text": TEXT,
            "connectionName": TEXT,
            "buttons": many("AuthenticationButton"),
            "tokenExchangeResource": one("TokenExchangeResource"),
        },
        since=(1, 4),
        is_named=False,
    ),
    "AuthenticationButton": Kind(
        members={"type": TEXT.required, "value": TEXT.required, "title": TEXT, "image": TEXT},
        since=(1, 4),
        is_named=False,
    ),
    "TokenExchangeResource": Kind(
        members={"id": TEXT.required, "uri": TEXT.required, "providerId": TEXT.required}, since=(1, 4), is_named=False
    ),
}
"""What stands inside these: columns, rows, facts, choices and the like, and the card itself."""
