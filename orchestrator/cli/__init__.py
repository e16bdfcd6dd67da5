"""The command line: one file for each command; `main` parses and dispatches, and imports only what a command needs."""
