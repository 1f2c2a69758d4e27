"""Runs the scenarios under pytest, and gives the verdict."""
