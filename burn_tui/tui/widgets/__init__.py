"""The parts that screens are made of. Each draws a value that it is given and posts what the person does to it."""
