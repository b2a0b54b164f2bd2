"""From layers of the integer network to hardware units: one function for each kind of layer."""
