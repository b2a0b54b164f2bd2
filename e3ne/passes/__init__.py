"""Rewrite passes: one file a pass, named as the pass."""
