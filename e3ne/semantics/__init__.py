"""What programs mean: execution of each level."""
