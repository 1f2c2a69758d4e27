"""PROTOCOL.md for the code: rules, messages, limits and close codes. Pure."""
