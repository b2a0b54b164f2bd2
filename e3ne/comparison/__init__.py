"""Accuracy and activity of a model in each encoding, against time steps: `e3ne compare`."""
