"""Plugins as a server of the Model Context Protocol: each call of a client is a turn of the host, policy and all."""
