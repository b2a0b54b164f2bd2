"""Passes that are checked by execution: what `e3ne-opt --verify-semantics` does."""
