"""One turn: a pure core that decides (`machine`, `prompts`) and a driver that carries out."""
