"""A prompt at the terminal, with history and completion; importing this imports `prompt_toolkit`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input.typeahead import clear_typeahead
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from orchestrator.repl.typed_ahead import forget_typed

_MARK = "\u203a "


class Words(Completer):
    """Completes slash commands, and the names of functions."""

    def __init__(self, commands: Iterable[str], functions: Callable[[], Iterable[str]]) -> None:
        self._commands = tuple(commands)
        self._functions = functions

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Completions of the word before the cursor."""
        text = document.text_before_cursor
        if text.startswith("/") and not any(char.isspace() for char in text):
            return [Completion(name, -len(text)) for name in self._commands if name.startswith(text)]
        word = document.get_word_before_cursor(WORD=True)
        if not word:
            return []
        near = [name for name in self._functions() if name.casefold().startswith(word.casefold())]
        return [Completion(name, -len(word)) for name in sorted(set(near))]


class _DiscreetHistory(FileHistory):
    """Messages in a file, without the secrets in them."""

    def __init__(self, path: Path, masked: Callable[[str], str]) -> None:
        super().__init__(path)
        self._masked = masked

    def store_string(self, string: str) -> None:
        """Keeps a message."""
        super().store_string(self._masked(string))


def _history(path: Path, masked: Callable[[str], str]) -> History:
    """The history in that file, which only its owner may read; in memory when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        return InMemoryHistory()
    return _DiscreetHistory(path, masked)


def _continues(text: str) -> bool:
    """True when the line ends in a backslash that is not itself escaped."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _entering() -> KeyBindings:
    """Enter is the end, also of what has several lines; after a backslash, or Esc, it begins a new one."""
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if _continues(buffer.document.current_line_before_cursor) and buffer.document.is_cursor_at_the_end_of_line:
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
            return
        buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _bindings() -> KeyBindings:
    keys = _entering()

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.reset()

    return keys


def _indent(width: int, line: int, wraps: int) -> StyleAndTextTuples:
    del line, wraps
    return [("", " " * width)]


def _forget_typed(session: PromptSession[str]) -> None:
    """Drops what was typed before a question was there to be read."""
    clear_typeahead(session.app.input)
    forget_typed(session.app.input.fileno())


async def typed_answer(prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
    """As `Answers.answer`, at a terminal: Ctrl-C and Ctrl-D refuse."""
    session = PromptSession[str](
        message=[("bold", prompt)],
        history=InMemoryHistory(),
        multiline="\n" in draft,
        prompt_continuation=_indent,
        key_bindings=_entering() if "\n" in draft else None,
    )
    _forget_typed(session)
    try:
        return await session.prompt_async(handle_sigint=False, is_password=is_secret, default=draft)
    except (EOFError, KeyboardInterrupt):
        return None


class PromptInput:
    """Asks at a terminal. Ctrl-C clears the line, Ctrl-D on an empty one ends; Esc-Enter or a final backslash go on."""

    is_interactive = True

    def __init__(
        self,
        commands: Sequence[str],
        functions: Callable[[], Iterable[str]],
        history: Path,
        masked: Callable[[str], str] = str,
    ) -> None:
        """`masked` takes secrets out of what is kept in the `history`."""
        self._words = Words(commands, functions)
        self._session = PromptSession[str](
            message=[("bold ansicyan", _MARK)],
            history=_history(history, masked),
            completer=self._words,
            complete_while_typing=Condition(self._is_command),
            reserve_space_for_menu=6,
            multiline=True,
            prompt_continuation=_indent,
            key_bindings=_bindings(),
        )

    def _is_command(self) -> bool:
        return self._session.default_buffer.text.startswith("/")

    async def message(self) -> str | None:
        """What the person types next that is not blank."""
        while True:
            try:
                text = await self._session.prompt_async(handle_sigint=False)
            except EOFError:
                return None
            if text.strip():
                return text.strip()

    async def answer(self, prompt: str, *, is_secret: bool = False, draft: str = "") -> str | None:
        """One line, or as many as the draft has; Ctrl-C and Ctrl-D refuse to answer."""
        return await typed_answer(prompt, is_secret=is_secret, draft=draft)
