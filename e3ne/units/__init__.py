"""The hardware units: one file each, and the register that finds a unit for an operation."""
