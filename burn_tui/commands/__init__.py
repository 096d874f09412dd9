"""The sub-commands, one file a group: `add(commands)` puts its parsers, the functions below it run them.

Every import that costs time is made where it is needed, so that `burn-tui status` stays quick however many there are.
"""
