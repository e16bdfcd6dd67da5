"""Every kind of mistake that only shows across documents, in a package, or in the strict reading. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.errors import Problem
from orchestrator.manifest import problems
from orchestrator.manifest.agent import AGENT_CODES
from orchestrator.manifest.problems import CODES, Kind, error, warning

REFERENCE_CODES: Mapping[str, Kind] = {
    "unreadable-reference": warning("a file or URL that the manifest refers to cannot be had", strict="error"),
    "unparsable-reference": warning(
        "a file that the manifest refers to is neither JSON nor YAML, or goes beyond a limit", strict="error"
    ),
    "too-many-references": warning("there is more between the manifest and its documents than is looked at or listed"),
    "not-openapi": warning("a description is no OpenAPI 3 or Swagger 2.0 document", "11.3", strict="error"),
    "duplicate-key-in-reference": warning(
        "an object in a JSON file that the manifest refers to has a key twice; the last one counts",
        at_key=True,
        strict="error",
    ),
    "not-tools": warning("a file that is to list the tools of an MCP server is something else", strict="error"),
    "unknown-function": warning("`run_for_functions` names a function that is not there", "11.1.3", strict="error"),
    "wildcard-unmatched": warning("a wildcard in `run_for_functions` matches no function", "11.1.3"),
    "unbound-function": warning("no runtime runs a function", "11.1.3", strict="error"),
    "function-described-twice": warning(
        "two runtimes describe one function, so that neither runs it", "11", strict="error"
    ),
    "shared-description": warning("two runtimes have one description and different auth", "11.1.2"),
    "no-operation": warning("a function has no operation in the description it is bound to", "5.2.1", strict="error"),
    "unknown-tool": warning("a function is not among the tools of its MCP server", strict="error"),
    "ambiguous-operation": warning("a function's name means more than one operation", "5.2.1", strict="error"),
    "duplicate-operation-id": warning("two operations have one `operationId`", "5.2.1", strict="error"),
    "unusable-operation": warning("an operation needs what this host does not do", at_key=True),
    "undeclared-path-variable": warning("a path has a variable that is no parameter", at_key=True),
    "unused-path-parameter": warning("a path parameter has no place in the path"),
    "server-url": warning("the URL of a server cannot be used", "11.3", strict="error"),
    "insecure-server": warning("a server is called over http, where everybody on the way can read"),
    "description-too-long": warning("a description is cut before the model reads it"),
    "unknown-parameter": warning(
        "a function declares a parameter that its operation lacks", "5.2.3", at_key=True, strict="error"
    ),
    "undeclared-parameter": warning("a function leaves out what its operation requires", "5.2.3", strict="error"),
    "parameter-type": warning("a parameter has another type than the operation gives it", "5.2.3"),
    "auth-missing": warning("a runtime calls without a credential what demands one", "11.2.2.1", strict="error"),
    "auth-unneeded": warning("a runtime has a credential that nothing it calls takes", "11.2.2.1"),
    "auth-mismatch": warning("a runtime has another kind of credential than its operations take", "11.2.2.1"),
    "unknown-security-scheme": warning("an operation demands a security scheme that is not defined", at_key=True),
    "wrong-security": warning("`security` in a description is no list of requirements; what is none is ignored"),
    "unknown-parameter-place": warning("a parameter of an operation is nowhere that this host sends one"),
    "unconfirmed-change": warning(
        "an operation that changes something has neither `confirmation` nor `security_info`", "9.2"
    ),
    "confirmation-parameter": warning("`confirmation.body` names a parameter that is not there", "9.3.2.2"),
    "invalid-jsonpath": warning("a text begins like a JSONPath query, and is none", of_member=True, strict="error"),
    "costly-jsonpath": warning("a JSONPath query is more than this host evaluates", of_member=True),
    "path-finds-nothing": warning(
        "a path leads to nothing in the answers that the description promises", of_member=True
    ),
    "not-a-card": warning("what is to be an Adaptive Card is something else", "9.4.2.3", strict="error"),
    "card-limit": warning("a card is more than this host expands", "9.4.2.3"),
    "card-type": warning("a card has an element or an action of a type that is not known there", "9.4.2.3"),
    "card-member": warning("a member of a card is probably misspelt, and means nothing as it is", at_key=True),
    "card-value": warning("a value in a card has a type, or is a word, that its member does not take", "9.4.2.3"),
    "card-missing": warning("a member of a card is missing that must be there", "9.4.2.3"),
    "card-version": warning("a card states no version, or one that is not known", "9.4.2.3"),
    "card-newer": warning("something in a card came with a later version than the card states", at_key=True),
    "card-input-id": warning("two inputs of a card have one id"),
    "card-url": warning("an action opens what is no web address"),
    "card-target": warning("an action shows or hides an element that is not there"),
    "card-expression": warning(
        "an expression in a card cannot be read, so that the card is never shown", strict="error"
    ),
    "card-function": warning("an expression in a card calls a function that there is not", strict="error"),
    "card-unclosed": warning("an expression in a card has no end, and is shown as it stands"),
    "card-handlebars": warning("a card has `{{…}}`, which the template language of cards leaves as it is"),
    "card-name": warning("an expression in a card reads what the described answers certainly do not have"),
    "card-silent": warning("a text of a card becomes a number or a boolean, which common renderers leave out"),
}
"""Codes of what stands between a manifest and the documents that it refers to."""

LINT_CODES: Mapping[str, Kind] = {
    "description-lint": warning("a validator of whole descriptions finds something (`--lint`)"),
    "not-linted": warning("`--lint` does not look at a description, or not at all of it"),
}
"""Codes of what is found in descriptions as a whole."""

CONVERSATION_CODES: Mapping[str, Kind] = {
    "not-yaml": error("a conversation file is neither YAML nor JSON, or goes beyond a limit"),
    "wrong-value": error("a member of a conversation file has a value that it does not take"),
    "pattern": error("a matcher or a regular expression in a conversation file cannot be read"),
    "parameter": error("a table of parameters, or a `$(name)`, does not fit"),
    "unknown-service": error("a plugin of a conversation names a service that is not there"),
    "too-many": error("a conversation file has more conversations than are read"),
    "conversation-plugin": error("a plugin of a conversation cannot be loaded"),
    "conversation-program": error("a program of a conversation cannot be started as it is described"),
    "unknown-operation": error("a stub is for an operation that no description of the plugins has"),
    "conversation-file": error("a file that a conversation needs is not there"),
    "conversation-function": warning(
        "a conversation names a function that none of its plugins has, and does not expect a refusal", strict="error"
    ),
    "conversation-path": warning("a stub is for a path that no description of the plugins has", strict="error"),
    "unused-program": warning("a conversation has a service or a local plugin that nothing asks for", strict="error"),
}
"""Codes of what is found in conversation files; `missing`, `unknown-member`, `not-an-object` and `unreadable`, which
manifests have too, are errors there."""

CHECK_CODES: Mapping[str, Kind] = {**REFERENCE_CODES, **LINT_CODES, **CONVERSATION_CODES}
"""Codes that a manifest alone cannot have, errors first; stable, as the others."""

ALL_CODES: Mapping[str, Kind] = {**CODES, **AGENT_CODES, **CHECK_CODES}
"""Every code there is."""


def problem(code: str, pointer: str, message: str, *, hint: str = "") -> Problem:
    """A problem at the pointer, with what its code says of it."""
    return problems.problem(code, pointer, message, hint=hint, codes=ALL_CODES)
