"""One turn: a pure core that decides (`machine`, `policy`, `prompts`) and a driver that carries out."""
