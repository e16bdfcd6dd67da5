"""How much of what went into a pipe, or one of two connected sockets, has not been read on the other side.

It tells a program that is still starting from one that has nothing to say. Linux knows; elsewhere nobody does.
"""

from __future__ import annotations

import os
import stat
import struct
import sys
from typing import Protocol


class _Open(Protocol):
    def fileno(self) -> int: ...


def unread_in(pipe: _Open | None) -> int | None:
    """A measure that is 0 once all has been read; None where the system does not say."""
    if sys.platform != "linux" or pipe is None:
        return None
    import fcntl
    import termios

    try:
        is_socket = stat.S_ISSOCK(os.fstat(pipe.fileno()).st_mode)
        found = fcntl.ioctl(pipe.fileno(), termios.TIOCOUTQ if is_socket else termios.FIONREAD, bytes(4))
    except (OSError, ValueError):  # it is closed
        return None
    number: int = struct.unpack("i", found)[0]
    return number
