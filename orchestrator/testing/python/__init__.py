"""Conversations in Python, and the pytest plugin."""
