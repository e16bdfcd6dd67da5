"""The manifest: what a plugin's author wrote, read and checked."""
