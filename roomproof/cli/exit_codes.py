"""The exit codes that are no verdict."""

INTERRUPTED = 2

USAGE_ERROR = 4
