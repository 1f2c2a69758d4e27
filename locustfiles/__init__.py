"""Load scripts, one for each kind of load."""
