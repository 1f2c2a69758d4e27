"""The faults that are planted in topologies."""
