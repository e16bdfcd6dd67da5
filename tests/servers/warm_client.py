"""Stands for a command that is forked elsewhere: whoever started this process has its streams, terminal and end.

`tests.servers.warm.line` makes the command line that starts it. It hands its streams, folder and environment over and
says how the command left by leaving the same way. Signals go on to the command; if this process is killed, so is it.
"""

from __future__ import annotations

import array
import json
import os
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # what this takes to load is most of a start
    from collections.abc import Mapping, Sequence

HEADER_BYTES = 4


def number(connection: socket.socket) -> int:
    """The next one from the process that waits for the command.

    Raises: `TimeoutError`; `ConnectionError` where that process has died.
    """
    data = bytearray()
    while len(data) < HEADER_BYTES:
        if not (more := connection.recv(HEADER_BYTES - len(data))):
            raise ConnectionError("the process that waits for the command has died, and how it left is not known")
        data += more
    return int.from_bytes(data, "big", signed=True)


def hand_over(
    connection: socket.socket,
    command: Sequence[str],
    streams: Sequence[int],
    *,
    environ: Mapping[str, str],
    folder: str,
    has_terminal: bool,
) -> None:
    """Has a command run: `-m`, the name of a module and arguments, or `-c`, the text of a program and arguments."""
    kind, name, *arguments = command
    wanted = {
        "kind": kind,
        "name": name,
        "arguments": arguments,
        "environ": dict(environ),
        "folder": folder,
        "has_terminal": has_terminal,
    }
    text = json.dumps(wanted).encode()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))]
    connection.sendmsg([len(text).to_bytes(HEADER_BYTES, "big")], rights)
    connection.sendall(text)


def _has_terminal() -> bool:
    """Whether the command is to hold the terminal, which this process then gives up for it."""
    if not os.isatty(0) or os.getsid(0) != os.getpid():
        return False
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCNOTTY)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # discards the one that giving it up has sent
    return True


def _pass_on(signals: Sequence[signal.Signals], process: int) -> None:
    def send(number: int, _: object) -> None:
        try:
            os.kill(process, number)
        except ProcessLookupError:  # it has just left
            return

    for one in signals:
        signal.signal(one, send)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _leave(code: int) -> None:
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def main(path: str, *command: str) -> None:
    """Has the command run by the process that listens at the path."""
    passed_on = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1)
    signal.pthread_sigmask(signal.SIG_BLOCK, passed_on)
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    has_terminal = _has_terminal()
    hand_over(connection, command, (0, 1, 2), environ=os.environ, folder=os.getcwd(), has_terminal=has_terminal)
    process = number(connection)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # so that they end with the command
        os.dup2(null, stream)
    _pass_on(passed_on, process)
    _leave(number(connection))


if __name__ == "__main__":
    main(*sys.argv[1:])
