"""Whose data the clients of a server have read so far: by session, as far as there are sessions. No I/O."""

from __future__ import annotations

from orchestrator.labels import CLEAN, Label

MAX_SESSIONS = 256
"""Sessions that are told apart; of the oldest beyond that, all others are taken to have read what it has."""

NO_SESSION = ""
"""Stands for all that a client does outside of a session, as over stdio."""


class ReadSoFar:
    """A label for each session, which only grows: nobody can say of a client that it has forgotten.

    That of a session which has ended is gone with it.
    """

    def __init__(self, *, max_sessions: int = MAX_SESSIONS) -> None:
        self._max_sessions = max_sessions
        self._by_session: dict[str, Label] = {}
        self._of_all = CLEAN

    def of(self, session: str) -> Label:
        """Whose data whoever calls in this session may have read."""
        return self._of_all | self._by_session.get(session, CLEAN)

    def forget(self, session: str) -> None:
        """The session has ended: nobody calls in it any more."""
        self._by_session.pop(session, None)

    def add(self, session: str, label: Label) -> None:
        """Takes in whose data an answer may hold that was given in this session."""
        self._by_session[session] = self._by_session.pop(session, CLEAN) | label
        while len(self._by_session) > self._max_sessions:
            self._of_all = self._of_all | self._by_session.pop(next(iter(self._by_session)))
