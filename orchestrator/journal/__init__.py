"""Where the facts of conversations are kept."""
