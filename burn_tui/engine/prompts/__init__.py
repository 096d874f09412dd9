"""Prompts that are files: found, versioned, pinned, and remembered."""
