"""The same cases asked of several prompts or models, and what changed."""
