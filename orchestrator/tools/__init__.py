"""From functions to tools: what a model may call, under which name, and what answers the call."""
