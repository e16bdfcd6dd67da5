"""Runtimes of other distributions, held to the seam of `runtimes.base`: their mistakes disable them and no more.

They are trusted code, which runs in this process: what blocks the event loop, or means harm, is not kept out.
"""
