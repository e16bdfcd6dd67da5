"""Conversation files as types: read with places, written, described by a JSON Schema."""
