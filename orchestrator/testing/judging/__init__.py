"""What happened in a turn of a conversation, against what is expected of it."""
