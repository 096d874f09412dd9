"""`auto` at work: chooses, checks what came back, escalates, and writes down what that taught."""
