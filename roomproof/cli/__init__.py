"""The command `roomproof`: a module for each group of its commands."""
