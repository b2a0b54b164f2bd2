"""Proofs about the printed Verilog: circuits as gates, a SAT solver, and what each kind of unit must obey."""
