"""A deterministic stand-in for a model: it picks functions by words, and no network is behind it."""

from orchestrator.model.offline.model import OfflineModel

__all__ = ["OfflineModel"]
