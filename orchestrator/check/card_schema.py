"""The elements and actions of Adaptive Cards 1.6, their members, and the version that each came with. Pure.

It is our own table, from the documentation; the renderer of Microsoft is its independent judge in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.check.card_members import (
    DATA,
    FLAG,
    NUMBER,
    PIXELS,
    TEXT,
    WIDTH,
    Kind,
    Member,
    many,
    one,
    or_dropped,
    or_text,
    sized,
    words,
)
from orchestrator.check.card_parts import (
    ACTION,
    ALIGNED_DOWN,
    BACKGROUND,
    CELLS,
    CHOSEN,
    CONTAINER,
    ELEMENT,
    ELEMENT_MEMBERS,
    INLINE,
    INSIDE,
    LETTERS,
    NAMED,
    SELECTABLE,
    STYLE,
)

_INPUT: Mapping[str, Member] = {
    **ELEMENT_MEMBERS,
    "id": TEXT.required,
    "label": TEXT.of(3),
    "isRequired": FLAG.of(3),
    "errorMessage": TEXT.of(3),
    "inputStyle": words("default revealOnHover").of(6),
    "labelPosition": words("inline above").of(6),
    "labelWidth": WIDTH.of(6),
}

_ACTION: Mapping[str, Member] = {
    **NAMED,
    "fallback": or_dropped(ACTION).of(2),
    "title": TEXT,
    "iconUrl": TEXT.of(1),
    "style": words("default positive destructive").of(2),
    "mode": words("primary secondary").of(5),
    "tooltip": TEXT.of(5),
    "isEnabled": FLAG.of(5),
    "role": words("button link tab menu menuItem").of(6),
}

_SENT: Mapping[str, Member] = {
    **_ACTION,
    "data": DATA,
    "associatedInputs": words("auto none").of(3),
    "disabledUnlessAssociatedInputsChange": FLAG.of(6),
}

_PLACEHOLDER: Mapping[str, Member] = {"placeholder": TEXT, "value": TEXT}
_RANGE: Mapping[str, Member] = {**_PLACEHOLDER, "min": TEXT, "max": TEXT}

ELEMENTS: Mapping[str, Kind] = {
    "TextBlock": Kind(
        members={
            **ELEMENT_MEMBERS,
            **LETTERS,
            "wrap": FLAG,
            "maxLines": NUMBER,
            "style": words("default heading columnHeader").of(5),
        }
    ),
    "RichTextBlock": Kind(members={**ELEMENT_MEMBERS, "inlines": or_text(many(INLINE)).required}, since=(1, 2)),
    "Image": Kind(
        members={
            **ELEMENT_MEMBERS,
            **SELECTABLE,
            "url": TEXT.required,
            "altText": TEXT,
            "size": words("auto stretch small medium large"),
            "style": words("default person"),
            "width": sized("auto stretch").of(1),
            "height": sized("auto stretch").of(1),
            "backgroundColor": TEXT.of(1),
            "forceLoad": FLAG.of(6),
        }
    ),
    "ImageSet": Kind(
        members={
            **ELEMENT_MEMBERS,
            "images": many("Image").required,
            "imageSize": words("auto stretch small medium large"),
            "style": words("default stacked grid").of(6),
            "offset": NUMBER.of(6),
        }
    ),
    "Media": Kind(
        members={
            **ELEMENT_MEMBERS,
            "sources": many("MediaSource").required,
            "captionSources": many("CaptionSource").of(6),
            "poster": TEXT,
            "altText": TEXT,
        },
        since=(1, 1),
    ),
    "Container": Kind(members={**CONTAINER, "items": many(ELEMENT).required}),
    "ColumnSet": Kind(
        members={
            **ELEMENT_MEMBERS,
            **SELECTABLE,
            "columns": many("Column"),
            "style": STYLE.of(2),
            "bleed": FLAG.of(2),
            "minHeight": PIXELS.of(2),
        }
    ),
    "FactSet": Kind(members={**ELEMENT_MEMBERS, "facts": many("Fact").required}),
    "ActionSet": Kind(
        members={**ELEMENT_MEMBERS, "actions": many(ACTION).required, "orientation": words("horizontal vertical")},
        since=(1, 2),
    ),
    "Table": Kind(
        members={
            **ELEMENT_MEMBERS,
            **CELLS,
            "columns": many("TableColumnDefinition"),
            "rows": many("TableRow"),
            "style": STYLE,
            "gridStyle": STYLE,
            "showGridLines": FLAG,
            "firstRowAsHeader": FLAG,
            "firstRowAsHeaders": FLAG,
        },
        since=(1, 5),
    ),
    "Carousel": Kind(
        members={
            **ELEMENT_MEMBERS,
            **SELECTABLE,
            "minHeight": PIXELS,
            "backgroundImage": BACKGROUND,
            "verticalContentAlignment": ALIGNED_DOWN,
            "rtl": FLAG,
            "pages": many("CarouselPage").required,
            "timer": NUMBER,
            "initialPage": NUMBER,
            "loop": FLAG,
            "orientation": words("horizontal vertical"),
            "heightInPixels": PIXELS,
        },
        since=(1, 6),
    ),
    "Input.Text": Kind(
        members={
            **_INPUT,
            **_PLACEHOLDER,
            "maxLength": NUMBER,
            "isMultiline": FLAG,
            "style": words("text tel url email", password=5),
            "inlineAction": one(CHOSEN).of(2),
            "regex": TEXT.of(3),
        }
    ),
    "Input.Number": Kind(members={**_INPUT, "placeholder": TEXT, "value": NUMBER, "min": NUMBER, "max": NUMBER}),
    "Input.Date": Kind(members={**_INPUT, **_RANGE}),
    "Input.Time": Kind(members={**_INPUT, **_RANGE}),
    "Input.Toggle": Kind(
        members={
            **_INPUT,
            "title": TEXT.required,
            "value": TEXT,
            "valueOn": TEXT,
            "valueOff": TEXT,
            "wrap": FLAG.of(2),
        }
    ),
    "Input.ChoiceSet": Kind(
        members={
            **_INPUT,
            **_PLACEHOLDER,
            "choices": many("Choice"),
            "choices.data": one("Data.Query").of(6),
            "style": words("compact expanded", filtered=5),
            "isMultiSelect": FLAG,
            "wrap": FLAG.of(2),
        }
    ),
}
"""What stands in bodies and containers."""

ACTIONS: Mapping[str, Kind] = {
    "Action.OpenUrl": Kind(members={**_ACTION, "url": TEXT.required}),
    "Action.Submit": Kind(members=_SENT),
    "Action.Execute": Kind(members={**_SENT, "verb": TEXT}, since=(1, 4)),
    "Action.ShowCard": Kind(members={**_ACTION, "card": one("AdaptiveCard").required}),
    "Action.ToggleVisibility": Kind(
        members={**_ACTION, "targetElements": or_text(many("TargetElement")).required}, since=(1, 2)
    ),
}
"""Buttons."""

_OWN = Kind(members={}, is_open=True)

_OWN_ELEMENTS = (
    "Badge",
    "Chart.Donut",
    "Chart.Gauge",
    "Chart.HorizontalBar",
    "Chart.HorizontalBar.Stacked",
    "Chart.Line",
    "Chart.Pie",
    "Chart.VerticalBar",
    "Chart.VerticalBar.Grouped",
    "CodeBlock",
    "CompoundButton",
    "Component",
    "Icon",
    "Input.Rating",
    "ProgressBar",
    "ProgressRing",
    "Rating",
)
_OWN_ACTIONS = ("Action.InsertImage", "Action.OpenUrlDialog", "Action.Popover", "Action.ResetInputs")
_OWN_INLINES = ("CitationRun", "IconRun", "ImageRun")

OWN_MEMBERS = frozenset(
    {"grid.area", "key", "layouts", "maxHeight", "maxWidth", "minWidth", "msteams", "msTeams"}
    | {"roundedCorners", "showBorder", "targetWidth", "themedUrls"}
)
"""Members that hosts of Microsoft 365 have of their own, on any object of a card."""

KINDS: Mapping[str, Kind] = {
    **ELEMENTS,
    **ACTIONS,
    **INSIDE,
    **dict.fromkeys((*_OWN_ELEMENTS, *_OWN_ACTIONS, *_OWN_INLINES), _OWN),
}
"""Everything by its type; kinds that state none have a name of ours. Those that hosts have of their own are open."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    ELEMENT: (*ELEMENTS, *_OWN_ELEMENTS),
    ACTION: (*ACTIONS, *_OWN_ACTIONS),
    CHOSEN: (*(name for name in ACTIONS if name != "Action.ShowCard"), *_OWN_ACTIONS),
    INLINE: ("TextRun", *_OWN_INLINES),
}
"""The types of each group."""
