"""The demo page, and pages of reports, in a real browser."""
