"""Credentials: how manifests refer to them, who keeps them, where they go; knows no manifests, runtimes and models."""

from auth.errors import (
    CredentialError,
    CredentialMissing,
    CredentialRefused,
    ProviderError,
    SignInNeeded,
    VaultError,
)
from auth.in_use import SecretsInUse
from auth.mapping import ANYWHERE, Anywhere, MappingVault, Origins
from auth.masked_logs import MaskedLogs, mask_logs
from auth.masked_stream import MaskedStream
from auth.masking import Masker
from auth.reference import MISSING_TYPE, AuthReference, AuthType
from auth.schemes import AUTHORIZATION, ApiKey, Attached, Basic, Bearer, Place, Scheme, attach, place_of
from auth.secret import MASK, Secret
from auth.sign_in import SignIn
from auth.vault import MAX_ATTEMPTS, CredentialUse, Flow, Vault

__all__ = [
    "ANYWHERE",
    "AUTHORIZATION",
    "DISTRIBUTION",
    "MASK",
    "MAX_ATTEMPTS",
    "MISSING_TYPE",
    "Anywhere",
    "ApiKey",
    "Attached",
    "AuthReference",
    "AuthType",
    "Basic",
    "Bearer",
    "CredentialError",
    "CredentialMissing",
    "CredentialRefused",
    "CredentialUse",
    "Flow",
    "MappingVault",
    "MaskedLogs",
    "MaskedStream",
    "Masker",
    "Origins",
    "Place",
    "ProviderError",
    "Scheme",
    "Secret",
    "SecretsInUse",
    "SignIn",
    "SignInNeeded",
    "Vault",
    "VaultError",
    "attach",
    "mask_logs",
    "place_of",
]

DISTRIBUTION = "plugin-orchestrator"
"""Marks this package as ours, for `orchestrator.selfcheck`: `auth` is a common name."""
