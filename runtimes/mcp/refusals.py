"""What a server says in the place of a result."""

from __future__ import annotations

from runtimes.values import Json


class Refused(Exception):
    """It answered with an error object: a failure, and an answer."""

    def __init__(self, code: int, message: str, data: Json = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Forgotten(Exception):
    """It does not know the session any more; nothing was carried out."""

    def __init__(self) -> None:
        super().__init__("it has forgotten the session")
