"""Analyses: questions that passes ask of a module."""
