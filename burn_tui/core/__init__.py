"""Pure decisions: no clock, no await, no file, no random, no environment. Those come in as arguments."""
