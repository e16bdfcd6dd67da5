"""Writes a plugin manifest from an OpenAPI description: a description goes in, a document comes out. Pure."""
