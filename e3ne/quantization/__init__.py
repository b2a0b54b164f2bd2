"""The mathematics of quantisation, free of IR types."""
