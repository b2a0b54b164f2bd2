"""Exploration: which precisions and which hardware are worth building, as a front that a restarted run continues."""
