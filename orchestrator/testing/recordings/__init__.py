"""Recordings of models and APIs: written without secrets, replayed by meaning."""
