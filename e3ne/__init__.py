"""e3ne: a compiler from trained networks to spiking FPGA accelerators."""
