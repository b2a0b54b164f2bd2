"""Running printed Verilog and comparing it, beat for beat and cycle for cycle, with what was predicted."""
