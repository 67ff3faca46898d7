"""One talk: turns, memory, characters, events."""
