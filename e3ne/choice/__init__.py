"""The choice of the hardware: every legal way to build each unit, its cost and its timing, and the best combination."""
