"""Calibration: synthesises a sampled grid of units and fits what their parts cost on a family of devices."""
