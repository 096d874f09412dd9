"""Providers on loopback that speak the real dialects, with scripted faults: for `--demo`, tests and pictures."""
