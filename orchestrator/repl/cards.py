"""What a person does on a card: takes one of its choices, and fills in the fields that belong to it."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.content import CardAction
from orchestrator.render.calls import cut
from orchestrator.render.card_view import Offer
from orchestrator.render.sanitize import clean_line
from orchestrator.render.terminal import TerminalView
from orchestrator.repl.input import PersonInput
from orchestrator.response.card_forms import submitted
from orchestrator.response.card_inputs import Input, Unacceptable, accepted

MAX_LISTED = 20
"""How many choices are listed after a turn; the others stand on their cards."""
MAX_TITLE = 40
"""Characters of a choice's title, or of what stands in a field, on one line."""
NOT_HERE = "what stands on a card can be chosen in a chat at a terminal only"
UNSEEN_NOTICE = "what you type here is not shown; it is sent to the plugin, and stays in the facts of the conversation"
BY_NUMBER = "pick one by its number, or later with /choose N"
BY_COMMAND = "pick one with /choose N; a number alone is a message"
_CLEAR = "-"
"""What is typed to empty a field that has a value."""
_PICKS = {"Toggle": "y/n", "Number": "number", "Date": "YYYY-MM-DD", "Time": "HH:MM"}


def _short(text: str) -> str:
    return cut(clean_line(text), MAX_TITLE)


def list_offers(view: TerminalView, offers: Sequence[Offer], *, takes_numbers: bool = True) -> None:
    """Says what can be chosen, and how; unless it `takes_numbers`, a number alone is a message."""
    labels = [f"({offer.number}) {_short(offer.choice.title)}" for offer in offers[:MAX_LISTED]]
    if (more := len(offers) - MAX_LISTED) > 0:
        labels.append(f"and {more} more")
    view.notice("  ".join(labels), style="")
    view.line(BY_NUMBER if takes_numbers else BY_COMMAND, style="dim")


def _default(field: Input) -> str:
    """What an empty answer means, in words."""
    if field.is_secret:
        return "as it is" if field.value else ""
    if field.kind == "Toggle":
        return "y" if field.value == field.on else "n"
    titles = {choice.value: choice.title for choice in field.choices}
    parts = field.value.split(",") if field.is_multiple else [field.value]
    return ", ".join(titles.get(part.strip(), part.strip()) for part in parts if part.strip())


def _prompt(field: Input) -> str:
    hints = [_PICKS.get(field.kind, ""), "required" if field.is_required else ""]
    if field.kind == "ChoiceSet":
        hints.insert(0, "numbers, with commas" if field.is_multiple else "a number")
    told = ", ".join(hint for hint in hints if hint)
    default = _short(_default(field))
    return f"{_short(field.label)}{f' ({told})' if told else ''}{f' [{default}]' if default else ''}: "


def _introduce(view: TerminalView, field: Input) -> None:
    if field.kind == "ChoiceSet":
        view.notice(f"{_short(field.label)}:", style="")
        for number, choice in enumerate(field.choices, start=1):
            view.line(f"  {number}  {_short(choice.title)}")
    elif field.placeholder and field.placeholder != field.label:
        view.notice(_short(field.placeholder))
    if field.is_secret:
        view.notice(UNSEEN_NOTICE)


def _read(field: Input, typed: str) -> str:
    """The value for an answer; nothing typed leaves what stands in the field. Raises: `Unacceptable`."""
    if not typed.strip():
        return accepted(field, "" if field.kind == "Toggle" and field.value != field.on else field.value)
    return accepted(field, "" if field.value and typed.strip() == _CLEAR else typed)


async def _ask(view: TerminalView, person: PersonInput, field: Input) -> str | None:
    _introduce(view, field)
    prompt = _prompt(field)
    while True:
        if (typed := await person.answer(prompt, is_secret=field.is_secret)) is None:
            return None
        view.reset()
        try:
            return _read(field, typed)
        except Unacceptable as error:
            view.notice(clean_line(str(error)), style="yellow")


async def fill_in(view: TerminalView, person: PersonInput, offer: Offer) -> CardAction | None:
    """Asks for what the choice needs, one field after the other; None when the person leaves."""
    asked = [field for field in offer.choice.inputs if not field.is_hidden]
    if any(field.value and not field.is_secret for field in asked):
        view.notice(f"an empty answer keeps what stands in brackets, {_CLEAR} empties it")
    values = {field.id: field.value for field in offer.choice.inputs if field.is_hidden}
    for field in asked:
        value = await _ask(view, person, field)
        if value is None:
            view.notice("nothing is sent")
            return None
        values[field.id] = value
    return submitted(offer.choice, values, call_id=offer.call_id, result_id=offer.result_id)
