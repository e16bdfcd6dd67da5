"""`orchestrator local`: what stands behind the names of local plugins; a module for each of its commands."""
