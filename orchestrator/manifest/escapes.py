"""References of a manifest that lead to files outside its folder. Pure: links of the file system show on opening.

`runtimes.fetch.resolve_location` refuses them again when they are followed.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB = ("http://", "https://")
_UNFILLED = "${{"
_ROOT_OF_JSONPATH = "$"


def _leaves_folder(path: str) -> bool:
    depth = 0
    for step in path.split("/"):
        if step == "..":
            depth -= 1
        elif step not in ("", "."):
            depth += 1
        if depth < 0:
            return True
    return False


def why_it_escapes(reference: str, *, is_remote: bool) -> str:
    """Why a reference may not be followed; empty for one that may.

    `is_remote` says that the manifest is from a URL: its relative references are URLs and lead to no file (spec 3.1).
    What the environment has still to fill is judged when it is filled.
    """
    if reference.lower().startswith(_WEB) or _UNFILLED in reference:
        return ""
    if _SCHEME.match(reference):
        return "is neither an http or https URL nor a relative reference"
    if is_remote:
        return ""
    path = unquote(reference.partition("#")[0].partition("?")[0]).replace("\\", "/")
    if "\0" in path:
        return "has a null character"
    if path.startswith("/"):
        return "is an absolute path"
    return "leads out of the manifest's folder" if _leaves_folder(path) else ""


def why_a_card_path_escapes(written: str, *, is_remote: bool) -> str:
    """The same for `oauth_card_path`: a JSONPath for this host, and a file for others, never read by this one."""
    return "" if written.startswith(_ROOT_OF_JSONPATH) else why_it_escapes(written, is_remote=is_remote)
