"""Talking at a terminal, or through a pipe: the loop, its commands and its questions."""
