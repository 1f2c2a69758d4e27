"""The exit codes of all commands."""

from roomproof.verdict import EXIT_CODES

INTERRUPTED = 2

USAGE_ERROR = 4

MEANINGS = {code: str(conclusion) for conclusion, code in EXIT_CODES.items()} | {
    INTERRUPTED: "interrupted",
    USAGE_ERROR: "usage error",
}
"""The meaning of each exit code."""

EXIT_CODES_LINE = "exit codes: " + ", ".join(f"{code} {MEANINGS[code]}" for code in sorted(MEANINGS))
"""The line that help texts show."""
