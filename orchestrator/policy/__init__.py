"""May a call run? One decision over consent and data flow that can explain itself. Pure."""
