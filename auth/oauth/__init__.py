"""OAuth 2: authorization servers are found, asked for tokens, and told to revoke them."""
