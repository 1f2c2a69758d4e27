"""What a run leaves behind: result files and texts."""
