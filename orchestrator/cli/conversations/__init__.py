"""The commands for conversations that are kept: history, pending, approve, decline and worker."""
