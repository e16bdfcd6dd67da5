"""A journal on SQLite or PostgreSQL, for conversations that outlive the process."""
