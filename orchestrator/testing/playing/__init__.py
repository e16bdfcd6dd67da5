"""Conversations of files, played on a host."""
