"""A terminal dashboard that routes prompts over AI providers and shows what they burn."""

__version__ = "0.1.0"
