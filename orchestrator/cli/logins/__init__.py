"""How a person logs in, or gives a secret, at a terminal: for the commands about credentials, and for a chat."""
