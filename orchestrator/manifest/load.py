"""Reads a manifest from a path, a URL or a dict into a `Plugin`, and refuses one that has errors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path

from orchestrator.errors import ManifestError, Problem
from orchestrator.manifest.examine import Examined, examine, examine_document
from orchestrator.manifest.filling import filled_manifest
from orchestrator.manifest.languages import find_languages, with_key_problems
from orchestrator.manifest.localize import Languages, languages_from, legacy_languages, localized, uses_keys
from orchestrator.manifest.model import Manifest
from orchestrator.manifest.problems import problem
from orchestrator.manifest.rules import slug
from runtimes.errors import FetchError
from runtimes.http import HttpClient, shown_url
from runtimes.placeholders import Environment
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
    """The manifest's own, or one made from `name_for_human`; a host that has another of that name makes it distinct."""
    own_namespace: str
    """The same, whatever the host calls it."""
    digest: str
    """SHA-256 of the canonical document, in hex."""
    allowed_hosts: tuple[str, ...] = ()
    """`HOST` or `HOST:PORT` entries that this plugin may reach although they are private."""
    environment: Environment = field(default_factory=Environment, repr=False)
    """What filled its placeholders, and fills those of the documents that it refers to."""
    languages: Languages | None = field(default=None, repr=False)
    """The texts that stand for its keys; None where it uses none, or has no languages."""
    problems: tuple[Problem, ...] = ()
    """Warnings only: a manifest with errors is not loaded."""

    def in_language(self, locale: str | None) -> Plugin:
        """The plugin with its localizable texts in the language of a locale, or in the default one (spec 3.4).

        The document, and with it the digest, keeps its keys; a plugin that uses none is returned as it is.
        """
        spoken = localized(self.document, self.languages, locale)
        return self if spoken is self.document else replace(self, manifest=Manifest.model_validate(spoken))


def _plugin(
    examined: Examined,
    location: str,
    *,
    allowed_hosts: tuple[str, ...],
    environment: Environment,
    languages: Languages | None,
) -> Plugin:
    manifest = examined.manifest
    if manifest is None or examined.errors:
        raise ManifestError(shown_url(location), examined.errors)
    namespace = slug(manifest.namespace or manifest.name_for_human)
    return Plugin(
        manifest=manifest,
        document=examined.document,
        location=location,
        namespace=namespace,
        own_namespace=namespace,
        digest=hashlib.sha256(canonical_json(examined.document).encode()).hexdigest(),
        allowed_hosts=allowed_hosts,
        environment=environment,
        languages=languages if uses_keys(examined.document) else None,
        problems=examined.problems,
    )


def read_document(
    document: JsonObject,
    *,
    location: str,
    allowed_hosts: tuple[str, ...] = (),
    environment: Environment | None = None,
    languages: Languages | None = None,
) -> Plugin:
    """The plugin that the document describes; `environment` fills its placeholders, `languages` its keys.

    Raises: `ManifestError` with every error found.
    """
    from runtimes.http import is_url

    environment = environment or Environment()
    value: object = document
    if not is_json(value):
        hint = "remove lone surrogates and what is no JSON value"
        raise ManifestError(location, [problem("not-json", "", "not JSON: it cannot be written as JSON", hint=hint)])
    read = filled_manifest(document, environment.of(location))
    assert isinstance(read, dict)
    known = languages or legacy_languages(read)
    examined = with_key_problems(examine_document(read, is_remote=is_url(location)), known)
    return _plugin(examined, location, allowed_hosts=allowed_hosts, environment=environment, languages=known)


def _absolute(path: str) -> str:
    return str(Path(path).absolute())


def environment_of(given: Environment | Mapping[str, str] | None) -> Environment:
    """What fills placeholders: as given, or the variables of the process."""
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
    languages: Languages | Mapping[str, Mapping[str, str]] | None = None,
) -> Plugin:
    """Reads a manifest from a path, an http(s) URL or a dict.

    `allowed_hosts` opens private addresses (`HOST` or `HOST:PORT`) to this plugin. Relative references of a dict are
    relative to the current directory. `environment` has the values of placeholders such as `${{OPENAPI_SERVER_URL}}`;
    without it they are the variables of the process, except for documents from a URL and for what looks like a secret.
    A value that looks like a secret fills no document from a URL, even where it is given.
    `languages` are the texts of its localization keys, for each language tag a mapping, the default language first;
    without it they are those of the manifest itself, or of the app manifest in the same folder.

    Raises: `ManifestError` when it cannot be read or has errors, `UsageError` for `languages` that are none.
    """
    from runtimes.fetch import SharedClient
    from runtimes.http import is_url

    hosts, filling, known = tuple(allowed_hosts), environment_of(environment), languages_from(languages)
    if isinstance(source, Mapping):
        location = _absolute("plugin.json")
        return read_document(dict(source), location=location, allowed_hosts=hosts, environment=filling, languages=known)
    written = str(source)
    data = await manifest_bytes(written, allowed_hosts=hosts, http=http)
    location = written if is_url(written) else _absolute(written)
    examined = examine(data, filling.of(location), is_remote=is_url(location))
    found: tuple[Problem, ...] = ()
    if known is None:
        reader = http or SharedClient()  # language files are files: nothing is sent
        known, found = await find_languages(examined.document, location, http=reader, environment=filling)
    examined = with_key_problems(examined, known, found)
    return _plugin(examined, location, allowed_hosts=hosts, environment=filling, languages=known)
