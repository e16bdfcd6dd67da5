"""Conversations of files with a live model, played many times and counted."""
