"""The members of a manifest that say what a plugin is, from the `info` of a description (spec 4.2)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from orchestrator.authoring.wording import first_sentence, one_line, prose, without_braces
from orchestrator.manifest.known import LENGTHS
from orchestrator.manifest.rules import slug
from runtimes.openapi.document import object_at, text_at
from runtimes.values import JsonObject

SCHEMA_VERSION = "v2.2"
"""The version of the document that is written."""

SCHEMA_URL = "https://developer.microsoft.com/json-schemas/copilot/plugin/v2.2/schema.json"
"""Where editors find the schema of that version."""

MAX_NAMESPACE = 32
"""Characters of a namespace: a tool's name has 64, and the function's is in it too."""

MAX_ADDRESS = 2048
"""Characters of a URL or an email address; a longer one is left out."""

FALLBACK_NAME = "Plugin"

_NAME = LENGTHS["Manifest.name_for_human"]
_FOR_HUMAN = LENGTHS["Manifest.description_for_human"]
_FOR_MODEL = LENGTHS["Manifest.description_for_model"]
_URI = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


def _web_address(text: str) -> str:
    """The text, where it is an absolute http or https URL; else nothing."""
    text = text.strip()
    if len(text) > MAX_ADDRESS or not _URI.fullmatch(text):
        return ""
    try:
        return text if urlsplit(text).hostname else ""
    except ValueError:
        return ""


def _email(text: str) -> str:
    return text.strip() if len(text) <= MAX_ADDRESS and _EMAIL.fullmatch(text.strip()) else ""


def _links(info: JsonObject) -> JsonObject:
    """Those that there are (spec 4.2.5 to 4.2.8)."""
    found = {
        "logo_url": _web_address(text_at(object_at(info, "x-logo"), "url") or text_at(info, "x-logo")),
        "contact_email": _email(text_at(object_at(info, "contact"), "email")),
        "legal_info_url": _web_address(text_at(info, "x-legal-info-url") or text_at(info, "termsOfService")),
        "privacy_policy_url": _web_address(text_at(info, "x-privacy-policy-url")),
    }
    return {member: value for member, value in found.items() if value}


def about(info: JsonObject, name: str | None) -> JsonObject:
    """The members up to `capabilities`; `name` takes the place of the title."""
    title = one_line(name if name is not None else text_at(info, "title"), 2 * _FOR_HUMAN) or FALLBACK_NAME
    description = text_at(info, "description")
    for_human = text_at(info, "summary") or first_sentence(description) or f"Works with {title}"
    for_model = text_at(info, "x-ai-description") or description or for_human
    return {
        "$schema": SCHEMA_URL,
        "schema_version": SCHEMA_VERSION,
        "name_for_human": one_line(title, _NAME, mark="") or FALLBACK_NAME,
        "namespace": slug(slug(without_braces(title))[:MAX_NAMESPACE]),
        "description_for_human": one_line(for_human, _FOR_HUMAN),
        "description_for_model": prose(for_model, _FOR_MODEL),
        **_links(info),
    }
