"""The files that a run writes, and the texts that it prints."""
