"""What is measured, as commands that print a table."""
