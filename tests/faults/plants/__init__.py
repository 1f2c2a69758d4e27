"""The planted faults, one file for each family."""
