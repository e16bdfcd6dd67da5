"""AgentDojo, as far as `benchmarks/agentdojo` uses it in the environment that has it."""
