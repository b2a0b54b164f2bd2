"""FPGA families and parts as data."""
