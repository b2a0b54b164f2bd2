"""CIRCT's text of an `rtl` design, and the Verilog that CIRCT itself makes of it."""
