"""The open host for Copilot plugins: a manifest becomes a conversation.

    plugin = await load_plugin("plugin.json")
    async with Orchestrator(plugins=[plugin]) as host:
        reply = await host.conversation().ask("What can you do?")

Names are imported on first use, so that what a program does not need it does not pay for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from orchestrator.selfcheck import check_packages

if TYPE_CHECKING:
    from orchestrator.answers_file import FileAnswers
    from orchestrator.call_outcome import CallOutcome
    from orchestrator.content import Card, CardAction, Citation, NumberedCitation, ReturnedCard
    from orchestrator.conversation import Conversation
    from orchestrator.errors import (
        CallForbidden,
        ConversationBusy,
        ConversationEnded,
        ConversationError,
        ConversationHeld,
        LeaseLost,
        ManifestError,
        ModelError,
        OrchestratorError,
        Problem,
        QuestionsPending,
        StoreError,
        StoreUnavailable,
        UnknownName,
        UsageError,
    )
    from orchestrator.events import Event
    from orchestrator.host import Orchestrator
    from orchestrator.journal.base import Journal, Kept
    from orchestrator.journal.memory import MemoryJournal
    from orchestrator.journal.open import open_journal
    from orchestrator.manifest.load import Plugin, load_plugin
    from orchestrator.manifest.load_agent import LoadedAgent, load_agent
    from orchestrator.model.base import ChatModel, Usage
    from orchestrator.policy.answers import Answers, Grant, MemoryAnswers
    from orchestrator.policy.rules import Policy, Rule
    from orchestrator.reply import Call, Question, Reply, SignInQuestion
    from orchestrator.response.redaction_rules import Redaction
    from orchestrator.turn.live_questions import PluginQuestion
    from orchestrator.turn.machine import Limits
    from orchestrator.vault.open import open_vault
    from orchestrator.version import __version__
    from runtimes.questions import LiveAnswer, LiveQuestion

_HOMES = {
    "Answers": "orchestrator.policy.answers",
    "Call": "orchestrator.reply",
    "CallForbidden": "orchestrator.errors",
    "CallOutcome": "orchestrator.call_outcome",
    "Card": "orchestrator.content",
    "CardAction": "orchestrator.content",
    "ChatModel": "orchestrator.model.base",
    "Citation": "orchestrator.content",
    "Conversation": "orchestrator.conversation",
    "ConversationBusy": "orchestrator.errors",
    "ConversationEnded": "orchestrator.errors",
    "ConversationError": "orchestrator.errors",
    "ConversationHeld": "orchestrator.errors",
    "Event": "orchestrator.events",
    "FileAnswers": "orchestrator.answers_file",
    "Grant": "orchestrator.policy.answers",
    "Journal": "orchestrator.journal.base",
    "Kept": "orchestrator.journal.base",
    "LeaseLost": "orchestrator.errors",
    "Limits": "orchestrator.turn.machine",
    "LiveAnswer": "runtimes.questions",
    "LiveQuestion": "runtimes.questions",
    "LoadedAgent": "orchestrator.manifest.load_agent",
    "ManifestError": "orchestrator.errors",
    "MemoryAnswers": "orchestrator.policy.answers",
    "MemoryJournal": "orchestrator.journal.memory",
    "ModelError": "orchestrator.errors",
    "NumberedCitation": "orchestrator.content",
    "Orchestrator": "orchestrator.host",
    "OrchestratorError": "orchestrator.errors",
    "Plugin": "orchestrator.manifest.load",
    "PluginQuestion": "orchestrator.turn.live_questions",
    "Policy": "orchestrator.policy.rules",
    "Problem": "orchestrator.errors",
    "Question": "orchestrator.reply",
    "QuestionsPending": "orchestrator.errors",
    "Redaction": "orchestrator.response.redaction_rules",
    "Reply": "orchestrator.reply",
    "ReturnedCard": "orchestrator.content",
    "Rule": "orchestrator.policy.rules",
    "SignInQuestion": "orchestrator.reply",
    "StoreError": "orchestrator.errors",
    "StoreUnavailable": "orchestrator.errors",
    "UnknownName": "orchestrator.errors",
    "Usage": "orchestrator.model.base",
    "UsageError": "orchestrator.errors",
    "__version__": "orchestrator.version",
    "load_agent": "orchestrator.manifest.load_agent",
    "load_plugin": "orchestrator.manifest.load",
    "open_journal": "orchestrator.journal.open",
    "open_vault": "orchestrator.vault.open",
}

__all__ = [
    "Answers",
    "Call",
    "CallForbidden",
    "CallOutcome",
    "Card",
    "CardAction",
    "ChatModel",
    "Citation",
    "Conversation",
    "ConversationBusy",
    "ConversationEnded",
    "ConversationError",
    "ConversationHeld",
    "Event",
    "FileAnswers",
    "Grant",
    "Journal",
    "Kept",
    "LeaseLost",
    "Limits",
    "LiveAnswer",
    "LiveQuestion",
    "LoadedAgent",
    "ManifestError",
    "MemoryAnswers",
    "MemoryJournal",
    "ModelError",
    "NumberedCitation",
    "Orchestrator",
    "OrchestratorError",
    "Plugin",
    "PluginQuestion",
    "Policy",
    "Problem",
    "Question",
    "QuestionsPending",
    "Redaction",
    "Reply",
    "ReturnedCard",
    "Rule",
    "SignInQuestion",
    "StoreError",
    "StoreUnavailable",
    "UnknownName",
    "Usage",
    "UsageError",
    "__version__",
    "load_agent",
    "load_plugin",
    "open_journal",
    "open_vault",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        check_packages()
        return vars(importlib.import_module(_HOMES[name]))[name]
    raise AttributeError(f"module 'orchestrator' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
