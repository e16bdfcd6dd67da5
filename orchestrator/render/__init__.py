"""Shows a conversation to a person: text from outside made harmless, cards as lines, events on a terminal."""
