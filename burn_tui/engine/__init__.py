"""All input and output: network, files, clock, processes. It asks the core what to do and does it."""
