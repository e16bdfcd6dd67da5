"""Reads a manifest from a path, a URL or a dict into a `Plugin`, and refuses one that has errors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from orchestrator.errors import ManifestError, Problem
from orchestrator.manifest.examine import Examined, examine, examine_document
from orchestrator.manifest.model import Manifest
from orchestrator.manifest.problems import problem
from orchestrator.manifest.rules import slug
from runtimes.errors import FetchError
from runtimes.http import HttpClient, shown_url
from runtimes.placeholders import Environment, filled
from runtimes.values import Json, JsonObject, canonical_json, is_json

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
"""How large a manifest may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A manifest that was read, and where it came from."""

    manifest: Manifest
    document: JsonObject = field(repr=False)
    """The same as plain data."""
    location: str
    """A URL or an absolute path; relative references start there (spec 3.1)."""
    namespace: str
    """The manifest's own, or one made from `name_for_human`."""
    digest: str
    """SHA-256 of the canonical document, in hex."""
    allowed_hosts: tuple[str, ...] = ()
    """`HOST` or `HOST:PORT` entries that this plugin may reach although they are private."""
    environment: Environment = field(default_factory=Environment, repr=False)
    """What filled its placeholders, and fills those of the documents that it refers to."""
    problems: tuple[Problem, ...] = ()
    """Warnings only: a manifest with errors is not loaded."""


def _plugin(
    examined: Examined, location: str, allowed_hosts: tuple[str, ...], environment: Environment | None = None
) -> Plugin:
    manifest = examined.manifest
    if manifest is None or examined.errors:
        raise ManifestError(shown_url(location), examined.errors)
    return Plugin(
        manifest=manifest,
        document=examined.document,
        location=location,
        namespace=slug(manifest.namespace or manifest.name_for_human),
        digest=hashlib.sha256(canonical_json(examined.document).encode()).hexdigest(),
        allowed_hosts=allowed_hosts,
        environment=environment or Environment(),
        problems=examined.problems,
    )


def read_document(
    document: JsonObject,
    *,
    location: str,
    allowed_hosts: tuple[str, ...] = (),
    environment: Environment | None = None,
) -> Plugin:
    """The plugin that the document describes; `environment` fills its placeholders.

    Raises: `ManifestError` with every error found.
    """
    environment = environment or Environment()
    value: object = document
    if not is_json(value):
        hint = "remove lone surrogates and what is no JSON value"
        raise ManifestError(location, [problem("not-json", "", "not JSON: it cannot be written as JSON", hint=hint)])
    read = filled(document, environment.of(location))
    assert isinstance(read, dict)
    return _plugin(examine_document(read), location, allowed_hosts, environment)


def _absolute(path: str) -> str:
    return str(Path(path).absolute())


def _environment(given: Environment | Mapping[str, str] | None) -> Environment:
    if given is None:
        return Environment(ambient=os.environ)
    return given if isinstance(given, Environment) else Environment(given=given)


async def manifest_bytes(location: str, *, allowed_hosts: Sequence[str] = (), http: HttpClient | None = None) -> bytes:
    """What is at a path or an http(s) URL, at most `MAX_MANIFEST_BYTES`.

    Raises: `ManifestError` when it cannot be read.
    """
    from runtimes.fetch import SharedClient, fetch_document

    client = SharedClient() if http is None else None
    try:
        lent = client.allowing(tuple(allowed_hosts)) if client is not None else http
        assert lent is not None
        return await fetch_document(lent, location, max_bytes=MAX_MANIFEST_BYTES, accept="application/json, */*;q=0.5")
    except FetchError as error:
        raise ManifestError(shown_url(location), [problem("unreadable", "", str(error))]) from error
    finally:
        if client is not None:
            await client.aclose()


async def load_plugin(
    source: str | PathLike[str] | Mapping[str, Json],
    *,
    allowed_hosts: Sequence[str] = (),
    http: HttpClient | None = None,
    environment: Environment | Mapping[str, str] | None = None,
) -> Plugin:
    """Reads a manifest from a path, an http(s) URL or a dict.

    `allowed_hosts` opens private addresses (`HOST` or `HOST:PORT`) to this plugin. Relative references of a dict are
    relative to the current directory. `environment` has the values of placeholders such as `${{OPENAPI_SERVER_URL}}`;
    without it they are the variables of the process, except for documents from a URL and for what looks like a secret.

    Raises: `ManifestError` when it cannot be read or has errors.
    """
    from runtimes.fetch import is_url

    hosts, filling = tuple(allowed_hosts), _environment(environment)
    if isinstance(source, Mapping):
        location = _absolute("plugin.json")
        return read_document(dict(source), location=location, allowed_hosts=hosts, environment=filling)
    written = str(source)
    data = await manifest_bytes(written, allowed_hosts=hosts, http=http)
    location = written if is_url(written) else _absolute(written)
    return _plugin(examine(data, filling.of(location)), location, hosts, filling)
