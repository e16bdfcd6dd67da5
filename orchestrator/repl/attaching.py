"""Files of the person's own that go with a message or a call: read whole, within the limit of a file."""

from __future__ import annotations

import mimetypes

from orchestrator.errors import UsageError
from orchestrator.paths import typed_path
from orchestrator.turn.files import MAX_FILE_BYTES
from runtimes.base import Attachment


def read_attachment(path: str, *, purpose: str = "") -> Attachment:
    """The file at a path; its type is a guess by its name. Raises: `UsageError`, which also tells the purpose."""
    place = typed_path(path, f"the file{purpose}: ")
    about = f"the file {str(place)!r}{purpose}"
    try:
        if place.exists() and not (place.is_file() or place.is_dir()):
            raise UsageError(f"{about} cannot be read: it is no regular file")
        with place.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{about} cannot be read: {error.strerror or type(error).__name__}") from None
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(f"{about} is longer than {MAX_FILE_BYTES} bytes")
    media_type, coding = mimetypes.guess_type(place.name)
    return Attachment(media_type=media_type if media_type and coding is None else "", data=data, name=place.name)
