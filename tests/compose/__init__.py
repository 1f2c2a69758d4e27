"""The demo in containers."""
