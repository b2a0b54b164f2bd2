"""Designs in a simulator with four values, 0, 1, unknown and unconnected."""
