"""Deliberate defects of units, printer, cycle model and passes, and what finds them: `python -m tests.mutants`."""
