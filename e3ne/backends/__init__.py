"""Backends: what a module can be printed as or run on."""
