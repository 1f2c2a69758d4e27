"""Load that verifies every delivery: what the scripts in locustfiles share. Importing it imports Locust."""
