"""What a manifest says about credentials; knows nothing of manifests, runtimes or models."""

from auth.reference import AuthReference, AuthType

__all__ = ["DISTRIBUTION", "AuthReference", "AuthType"]

DISTRIBUTION = "plugin-orchestrator"
"""Marks this package as ours, for `orchestrator.selfcheck`: `auth` is a common name."""
