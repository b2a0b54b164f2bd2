"""Networks to compile, as their users would write them."""
