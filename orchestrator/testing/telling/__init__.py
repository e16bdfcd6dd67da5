"""What is told of a turn: every step, the transcript of a failure, what was exercised."""
