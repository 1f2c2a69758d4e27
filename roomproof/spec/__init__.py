"""What PROTOCOL.md says, for the code: rules, messages, limits and close codes. Pure."""
