"""A mock of the APIs behind a plugin: answers from a description, and judges requests by it, on loopback."""
