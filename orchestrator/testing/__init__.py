"""Scripted conversations: the file format `*.conversation.yaml`, what plays such a file, and the judge of a turn."""
