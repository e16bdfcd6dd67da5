"""Opens the browser of this machine, which is told no secret of the program that opens it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

from runtimes.secret_variables import is_secret

_OURS = "ORCHESTRATOR_"
_OF_THE_DESKTOP = frozenset(
    {"DBUS_SESSION_BUS_ADDRESS", "DESKTOP_SESSION", "SESSION_MANAGER", "XDG_SESSION_DESKTOP", "XDG_SESSION_TYPE"}
)
"""Where a program finds the screen and its neighbours; they look like secrets, and are none."""

_OPENING = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a browser gets: none of ours, and none that looks like a secret."""
    return {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith(_OURS) and (name in _OF_THE_DESKTOP or not is_secret(name, value))
    }


def _open(url: str, environ: Mapping[str, str], otherwise: Callable[[], None]) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the address is an argument, and read by no shell
            [sys.executable, "-I", "-c", _OPENING, url],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the login, and not for the browser
            check=False,
        )
    except OSError:
        otherwise()
        return
    if done.returncode != 0:
        otherwise()


def open_browser(url: str, otherwise: Callable[[], None]) -> None:
    """Opens an address, and calls `otherwise` from another thread where that does not work; waits for neither.

    A process of its own does it: `webbrowser` hands on all variables of the one that it runs in.
    """
    environ = clean_environment(os.environ)
    threading.Thread(target=_open, args=(url, environ, otherwise), daemon=True).start()
