"""Verilog-2001 from any legal `rtl` design; knows no unit by name."""

from e3ne.backends.verilog.target import VerilogTarget, print_verilog

__all__ = ["VerilogTarget", "print_verilog"]
