"""Load that verifies every delivery. Importing this package imports Locust."""
