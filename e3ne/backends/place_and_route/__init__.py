"""What clock a design reaches on a part: nextpnr places and routes it, and reports its slowest path."""
