"""Who replies in a conversation that is played, and who answers its calls."""
