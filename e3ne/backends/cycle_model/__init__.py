"""The cycle model as a program of its own: one Python file that needs NumPy alone."""
