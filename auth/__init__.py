"""What a manifest says about credentials; knows nothing of manifests, runtimes or models."""

from auth.reference import MISSING_TYPE, AuthReference, AuthType

__all__ = ["DISTRIBUTION", "MISSING_TYPE", "AuthReference", "AuthType"]

DISTRIBUTION = "plugin-orchestrator"
"""Marks this package as ours, for `orchestrator.selfcheck`: `auth` is a common name."""
