"""Asks the person at the terminal for what is missing: words that are seen, and secrets that are not."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

import anyio.to_thread
from prompt_toolkit import PromptSession
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.output import create_output

from auth import Secret, SecretsInUse
from auth.errors import KeyMissing
from orchestrator.errors import UnknownName, UsageError
from orchestrator.render.sanitize import clean_line

MAX_SECRET_BYTES = 64 * 1024
"""Bytes of a secret that is read from the standard input."""


class NotTyped(Exception):  # it is no error: the person does not want to go on
    """Ctrl-C, or Ctrl-D, in the place of an answer."""


def is_somebody_here() -> bool:
    """True where questions can be seen and answered."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()


async def _typed(question: str, *, is_secret: bool) -> str:
    """Raises: `NotTyped`."""
    session = PromptSession[str](history=InMemoryHistory(), output=create_output(stdout=sys.stderr))
    prompt = f"{clean_line(question)}: "
    try:
        return await session.prompt_async(prompt, is_password=is_secret, handle_sigint=False)
    except (EOFError, KeyboardInterrupt):
        raise NotTyped from None


async def asked(
    question: str, *, option: str, may_be_empty: bool = False, check: Callable[[str], object] | None = None
) -> str:
    """What the person types, until `check` does not raise: `ValueError`, for it, any more.

    Raises: `UsageError` that names the option, where nobody is here.
    """
    if not is_somebody_here():
        raise UsageError(f"{option} is missing, and nobody is here to ask: {question}")
    while True:
        answer = (await _typed(question, is_secret=False)).strip()
        if not answer and not may_be_empty:
            continue
        try:
            if answer and check is not None:
                check(answer)
        except ValueError as error:
            print(clean_line(str(error)), file=sys.stderr)
        else:
            return answer


async def unseen(question: str) -> str:
    """What the person types where nobody sees it; never nothing. Raises: `NotTyped`."""
    while True:
        if answer := (await _typed(question, is_secret=True)).strip():
            return answer


async def chosen(question: str, choices: Sequence[str], *, option: str) -> str:
    """One of these words. Raises: as `asked`."""
    while True:
        answer = await asked(f"{question} ({', '.join(choices)})", option=option)
        if answer in choices:
            return answer
        print(UnknownName("choice", answer, choices), file=sys.stderr)


def _from_environment(name: str, environ: Mapping[str, str], option: str) -> str:
    value = environ.get(name, "")
    if not value.strip():
        raise UsageError(f"{option}: there is no variable {name!r}, or it is empty")
    return value


def _from_stdin() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("--secret-stdin reads a pipe or a file; leave it out to type the secret unseen")
    data = sys.stdin.buffer.read(MAX_SECRET_BYTES + 1)
    if len(data) > MAX_SECRET_BYTES:
        raise UsageError(f"--secret-stdin: there is more than {MAX_SECRET_BYTES} bytes")
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:
        raise UsageError("--secret-stdin: it is not UTF-8 text") from None
    if not text:
        raise UsageError("--secret-stdin: the standard input is empty")
    return text


def has_secret(options: argparse.Namespace) -> bool:
    """True where an option says where the secret is."""
    return bool(options.secret_stdin) or options.secret_env is not None


class Secrets:
    """Gets secrets of a person for one command, and has them looked for in whatever is said from then on."""

    def __init__(self, options: argparse.Namespace, secrets: SecretsInUse) -> None:
        self._options = options
        self._secrets = secrets

    @property
    def are_typed(self) -> bool:
        """True where no option says where the secret is."""
        return not has_secret(self._options)

    async def given(self, name: str, question: str, *, may_be_empty: bool = False) -> Secret | None:
        """The secret of that name, as the options say, else as it is typed; None for one that may be and is empty.

        Raises: `UsageError`.
        """
        text = await self._text(question, may_be_empty=may_be_empty)
        if not text:
            return None
        secret = Secret(text)
        self.learn(name, secret)
        return secret

    def learn(self, name: str, secret: Secret) -> None:
        """One that was made of what was given."""
        self._secrets.learn(name, secret)

    async def _text(self, question: str, *, may_be_empty: bool) -> str:
        if self._options.secret_stdin:
            return await anyio.to_thread.run_sync(_from_stdin, abandon_on_cancel=True)
        if self._options.secret_env is not None:
            return _from_environment(self._options.secret_env, os.environ, "--secret-env").strip()
        if not is_somebody_here():
            if may_be_empty:
                return ""
            raise UsageError(f"nobody is here to type it unseen: {question}; --secret-stdin or --secret-env give it")
        return (await _typed(question, is_secret=True)).strip() if may_be_empty else await unseen(question)


async def passphrase(question: str, variable: str | None, *, is_new: bool) -> Secret:
    """The passphrase of a sealed file; a new one is asked for twice. Raises: `UsageError`."""
    from auth.passphrase import MIN_PASSPHRASE_CHARS, checked_passphrase

    if variable is not None:
        return Secret(_from_environment(variable, os.environ, "--passphrase-env"))
    if not is_somebody_here():
        raise UsageError("nobody is here to type the passphrase; --passphrase-env NAME takes it from a variable")
    if is_new:
        print(f"a passphrase has at least {MIN_PASSPHRASE_CHARS} characters", file=sys.stderr)
    while True:
        first = Secret(await _typed(question, is_secret=True))
        try:
            checked_passphrase(first)
        except KeyMissing as error:
            print(error, file=sys.stderr)
            continue
        if not is_new or await _typed("The same again", is_secret=True) == first.reveal():
            return first
        print("these are not the same", file=sys.stderr)
