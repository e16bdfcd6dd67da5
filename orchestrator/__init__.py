"""The open host for Copilot plugins."""
