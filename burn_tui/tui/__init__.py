"""The terminal interface. It shows what the engine says and computes no money."""
