"""The black-box scenarios: one file for each family of rules in PROTOCOL.md."""
