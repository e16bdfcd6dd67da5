"""Actions: links with their address, choices with their number, and what a button would show or hide. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestrator.render.cards.blocks import Barred, Block, Buttons, Part, Stack, Words
from orchestrator.render.cards.lines import Flow, Line, Span, line
from orchestrator.render.cards.prose import link, said, styled, web_url
from orchestrator.render.cards.reading import Reading, objects, word
from orchestrator.response.card_forms import is_off
from orchestrator.response.card_standing import unmet
from runtimes.values import Json, JsonObject

MAX_TARGETS = 20
"""How many elements are named that an action shows or hides."""

_STYLES = {"positive": "bold green", "destructive": "bold red"}
_INDENT = "  "
_EFFECTS = {"true": "shows", "false": "hides"}
SUBMITTING = ("Action.Submit", "Action.Execute")


def title_of(reading: Reading, action: JsonObject, otherwise: str) -> str:
    """What the action is called."""
    names = (reading.name(action.get(member)) for member in ("title", "tooltip", "verb"))
    return next((name for name in names if name), otherwise)


def _button(reading: Reading, action: JsonObject) -> Line:
    """A choice: its number and its title; without a number it cannot be taken here."""
    title = title_of(reading, action, "choose")
    style = styled("bold", _STYLES.get(word(action.get("style")), ""))
    if is_off(action):
        return line(f"[{title}] (not enabled)", "dim")
    number = reading.number(action)
    return line(f"[{title}]", style) if number is None else (Span(f"({number})", "cyan"), Span(f" {title}", style))


def _open_url(reading: Reading, action: JsonObject) -> Block:
    title = title_of(reading, action, "open")
    url = web_url(action.get("url"))
    return link(reading, title, url) if url else reading.note(f"{title}: its address is not a web address")


def _show_card(reading: Reading, action: JsonObject) -> Block | None:
    """The card, below its button: in a terminal nothing needs to be opened."""
    card = action.get("card")
    heading = Part(block=said(f"{reading.signs.opens} {title_of(reading, action, 'more')}:", "bold"))
    if not isinstance(card, dict):
        return None
    inner = reading.element(card, "AdaptiveCard")
    return Stack((heading, Part(block=Barred(block=inner, bar=_INDENT)))) if inner is not None else None


def _toggle(reading: Reading, action: JsonObject) -> Block:
    """What becomes visible by it, and what invisible."""
    effects: dict[str, list[str]] = {}
    targets = action.get("targetElements")
    for target in (targets if isinstance(targets, list) else [])[:MAX_TARGETS]:
        wanted = target.get("isVisible") if isinstance(target, dict) else None
        name = reading.name(target.get("elementId") if isinstance(target, dict) else target)
        effect = _EFFECTS.get(str(wanted).casefold(), "shows or hides")
        if name:
            effects.setdefault(effect, []).append(f"“{name}”")
    told = "; ".join(f"{effect} {', '.join(names)}" for effect, names in effects.items())
    title = title_of(reading, action, "toggle")
    spans = (Span(f"{reading.signs.opens} "), Span(title, "bold"), Span(f": {told or 'shows nothing'}", "dim"))
    return Words(flows=(Flow(spans=spans),))


_DRAWS: dict[str, Callable[[Reading, JsonObject], Block | None]] = {
    "Action.OpenUrl": _open_url,
    "Action.OpenUrlDialog": _open_url,
    "Action.ShowCard": _show_card,
    "Action.ToggleVisibility": _toggle,
}


def _kind(action: JsonObject) -> str:
    kind = action.get("type")
    return kind if isinstance(kind, str) else ""


def _other(reading: Reading, action: JsonObject) -> Block | None:
    """Any action that is no choice."""
    draw = _DRAWS.get(_kind(action))
    if draw is not None and not unmet(action):
        return draw(reading, action)
    name = reading.name(action.get("type")) or "action without a type"
    title = title_of(reading, action, "")
    return reading.note(f"{title}: {name} is not available in a terminal" if title else f"{name}: not available")


def _is_choice(action: JsonObject) -> bool:
    return _kind(action) in SUBMITTING and not unmet(action)


def _blocks(reading: Reading, value: Json) -> Iterator[Block]:
    """Choices that follow each other stand beside each other."""
    labels: list[Flow] = []
    for action in objects(value):
        if not reading.has_room():
            break
        if _is_choice(action):
            labels.append(Flow(spans=_button(reading, action)))
            continue
        if labels:
            yield Buttons(tuple(labels))
            labels = []
        if (block := _other(reading, action)) is not None:
            yield block
    if labels:
        yield Buttons(tuple(labels))


def actions(reading: Reading, value: Json) -> Stack:
    """The actions of an array."""
    return Stack(tuple(Part(block=block) for block in _blocks(reading, value)))


def action_set(reading: Reading, node: JsonObject) -> Block:
    """An ActionSet."""
    return actions(reading, node.get("actions"))


def selectable(reading: Reading, node: JsonObject, block: Block) -> Block:
    """The block of an element, and below it what choosing it would do."""
    action = node.get("selectAction")
    if not isinstance(action, dict):
        return block
    return Stack((Part(block=block), Part(block=actions(reading, [action]))))


def inline_action(reading: Reading, action: JsonObject) -> Iterator[Span]:
    """What choosing a piece of text would do, in the text."""
    if _is_choice(action):
        number = reading.number(action)
        yield from () if number is None else (Span(f" ({number})", "cyan"),)
    elif url := web_url(action.get("url")):
        yield Span(f" ({url})", "blue")
