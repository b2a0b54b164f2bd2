"""Networks of the SNN libraries, compared spike for spike: library = snn interpreter = cycle model = Verilog."""
