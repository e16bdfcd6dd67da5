"""The ways of `orchestrator test`: offline, recording, live, watching."""
