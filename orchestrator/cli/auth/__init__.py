"""The commands about credentials: registered, logged in to, listed, tried, revoked, sealed anew, moved."""
