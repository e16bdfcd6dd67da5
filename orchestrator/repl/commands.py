"""The slash commands of the loop, in one table."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from orchestrator.errors import OrchestratorError
from orchestrator.manifest.load import Plugin
from orchestrator.paths import typed_path
from orchestrator.render.sanitize import clean_line
from orchestrator.repl.attaching import read_attachment
from orchestrator.repl.dialogue import Dialogue
from orchestrator.tools.toolbox import BoundFunction
from runtimes.http import is_url, shown_url

NO_FILES = "-"
"""What `/attach` is given to take back what waits."""

_SAVING = "keep the conversation; FILE.jsonl has the events, FILE.conversation.yaml is a test"

HASH_DIGITS = 12
"""How much of a manifest's hash is shown; `orchestrator policy` has it all."""

_WHY = "why the last calls ran, asked or were stopped; with a number or a name, one of them"

_Run = Callable[[Dialogue, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to tell the program rather than the model."""

    name: str
    argument: str = ""
    summary: str
    run: _Run

    @property
    def usage(self) -> str:
        """The command as it is typed."""
        return f"{self.name} {self.argument}".rstrip()


async def _help(dialogue: Dialogue, argument: str) -> None:
    del argument
    view = dialogue.view
    view.open("notice")
    for command in COMMANDS.values():
        view.line(f"{command.usage:<14}", note=command.summary)
    view.line("Esc-Enter, or a backslash at the end of a line, goes on in a new line", style="dim")
    view.line("Ctrl-C stops an answer or clears the line, Ctrl-D leaves", style="dim")


def _parameters(function: BoundFunction) -> str:
    """The parameters in short: optional ones carry a question mark."""
    properties = function.parameters.get("properties")
    required = function.parameters.get("required")
    needed = required if isinstance(required, list) else []
    names = list(properties) if isinstance(properties, dict) else []
    return ", ".join(clean_line(name) + ("" if name in needed else "?") for name in names)


async def _tools(dialogue: Dialogue, argument: str) -> None:
    del argument
    view = dialogue.view
    view.open("notice")
    for function in dialogue.host.toolbox.functions:
        view.line(f"{function.tool_name}({_parameters(function)})")
        if description := clean_line(function.description):
            view.line(f"  {description}", style="dim")
    if not dialogue.host.toolbox.functions:
        view.line("the model is offered no functions", style="dim")
    if skipped := dialogue.host.toolbox.skipped:
        view.line(f"{len(skipped)} not offered; /plugins says why", style="dim")


def _resolved(location: str, reference: str | None) -> str | None:
    """Where a relative reference of the manifest leads (spec 3.1)."""
    if not reference or is_url(reference):
        return reference
    return urljoin(location, reference) if is_url(location) else str(Path(location).parent / reference)


def _show_plugin(dialogue: Dialogue, plugin: Plugin) -> None:
    view, manifest = dialogue.view, plugin.manifest
    view.part()
    view.open("notice")
    view.line(clean_line(manifest.name_for_human), style="bold", note=plugin.namespace)
    facts = [
        ("", manifest.description_for_human),
        ("contact", manifest.contact_email),
        ("legal", manifest.legal_info_url),
        ("privacy", manifest.privacy_policy_url),
        ("logo", _resolved(plugin.location, manifest.logo_url)),
        ("from", shown_url(plugin.location)),
        ("hash", plugin.digest[:HASH_DIGITS]),
    ]
    for name, value in facts:
        if value:
            view.line(f"  {name:<9}{clean_line(value)}" if name else f"  {clean_line(value)}")
    for problem in plugin.problems:
        view.line(f"  warning  {clean_line(problem.message)}{problem.place}", style="yellow")
    for skipped in dialogue.host.toolbox.skipped:
        if skipped.plugin == plugin.namespace:
            view.line(f"  without  {clean_line(skipped.function)}: {clean_line(skipped.reason)}", style="yellow")


async def _plugins(dialogue: Dialogue, argument: str) -> None:
    del argument
    for plugin in dialogue.host.plugins:
        _show_plugin(dialogue, plugin)
    if not dialogue.host.plugins:
        dialogue.view.notice("no plugins are loaded")


async def _model(dialogue: Dialogue, argument: str) -> None:
    if argument:
        await dialogue.host.use_model(argument)
        dialogue.view.notice(f"the model is {dialogue.host.model.name}")
        dialogue.warn_offline()
        return
    dialogue.view.notice(f"the model is {dialogue.host.model.name}")
    dialogue.view.line("another one: /model openai:MODEL, /model scripted:FILE or /model offline", style="dim")


async def _why(dialogue: Dialogue, argument: str) -> None:
    dialogue.view.notice(dialogue.chat.explain(argument or None), style="")


async def _retry(dialogue: Dialogue, argument: str) -> None:
    del argument
    attachments, chosen = await dialogue.chat.last_attachments(), dialogue.chosen
    text = await dialogue.chat.undo()
    dialogue.forget_offers()
    if text is None:
        dialogue.view.notice("nothing to send again")
        return
    dialogue.attachments = attachments
    dialogue.view.person(text)
    await dialogue.send(chosen or text)


async def _undo(dialogue: Dialogue, argument: str) -> None:
    del argument
    text = await dialogue.chat.undo()
    dialogue.forget_offers()
    if text is None:
        dialogue.view.notice("nothing to take back")
        return
    dialogue.view.notice(f"taken back: “{clean_line(text)}”; what its calls did stays done")


async def _new(dialogue: Dialogue, argument: str) -> None:
    del argument
    await dialogue.renew()


async def _save(dialogue: Dialogue, argument: str) -> None:
    if not argument:
        dialogue.view.failure(
            "a file name is missing: /save FILE writes Markdown, /save FILE.jsonl the events, "
            "/save FILE.conversation.yaml what `orchestrator test` plays"
        )
        return
    await dialogue.save(typed_path(clean_line(argument)))


def _list_attachments(dialogue: Dialogue) -> None:
    view = dialogue.view
    if not dialogue.attachments:
        view.notice("no file waits; /attach FILE sends one with your next message")
        return
    view.notice("with your next message go; /attach - takes them back")
    for file in dialogue.attachments:
        view.line(f"  {clean_line(file.name)}, {len(file.data)} bytes", style="dim")


def _take_back_attachments(dialogue: Dialogue) -> None:
    names = ", ".join(clean_line(file.name) for file in dialogue.attachments)
    dialogue.attachments = ()
    dialogue.view.notice(f"taken back: {names}" if names else "no file waits")


async def _attach(dialogue: Dialogue, argument: str) -> None:
    if not argument:
        _list_attachments(dialogue)
        return
    if argument == NO_FILES:
        _take_back_attachments(dialogue)
        return
    file = read_attachment(clean_line(argument))
    if file in dialogue.attachments:
        dialogue.view.notice(f"{clean_line(file.name)} goes with your next message already")
        return
    dialogue.attachments += (file,)
    dialogue.view.notice(f"{clean_line(file.name)}, {len(file.data)} bytes, goes with your next message")


async def _choose(dialogue: Dialogue, argument: str) -> None:
    await dialogue.choose(argument)


async def _quit(dialogue: Dialogue, argument: str) -> None:
    del argument
    dialogue.is_over = True


COMMANDS = {
    command.name: command
    for command in (
        Command(name="/help", summary="what can be typed here", run=_help),
        Command(name="/tools", summary="the functions, as the model sees them", run=_tools),
        Command(name="/plugins", summary="the plugins, who made them, and what is left out and why", run=_plugins),
        Command(name="/model", argument="[NAME]", summary="which model answers; with a name, another one", run=_model),
        Command(name="/why", argument="[CALL]", summary=_WHY, run=_why),
        Command(name="/retry", summary="take the last message back and send it again", run=_retry),
        Command(name="/undo", summary="take the last message back", run=_undo),
        Command(name="/new", summary="a new conversation; what is kept of this one stays", run=_new),
        Command(name="/clear", summary="the same as /new", run=_new),
        Command(name="/save", argument="FILE", summary=_SAVING, run=_save),
        Command(name="/attach", argument="[FILE]", summary="a file for the next message; - takes it back", run=_attach),
        Command(name="/choose", argument="[N]", summary="take a choice of the last cards by its number", run=_choose),
        Command(name="/quit", summary="leave", run=_quit),
    )
}


def is_command(text: str) -> bool:
    """True for a slash and a word; a path or a fraction in a message is none."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return word.startswith("/") and word[1:].isalpha()


async def run_command(dialogue: Dialogue, text: str) -> None:
    """Runs a slash command, or says which one was probably meant."""
    name, _, argument = text.strip().partition(" ")
    command = COMMANDS.get(name.casefold())
    if command is None:
        near = difflib.get_close_matches(name.casefold(), COMMANDS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else "/help lists them"
        dialogue.view.failure(f"there is no command {clean_line(name)}; {hint}")
        return
    try:
        await command.run(dialogue, argument.strip())
    except OrchestratorError as error:
        dialogue.view.failure(str(error))
