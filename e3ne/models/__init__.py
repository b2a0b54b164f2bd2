"""Reference networks, the digits they are trained on, and their checkpoints."""
