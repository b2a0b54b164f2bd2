"""What a design costs on an FPGA: Yosys synthesis, and the count of the cells it leaves."""
