"""Random networks through all levels, and what compares the levels: the project's checks of itself."""
