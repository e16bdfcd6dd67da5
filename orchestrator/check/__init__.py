"""What `orchestrator validate` knows beyond one manifest: the forms of its report."""
