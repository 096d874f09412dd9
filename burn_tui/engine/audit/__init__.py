"""Reads what other tools have logged of their use of models: one file for each foreign log format."""
