"""The page of a report: its charts, and the templates that draw them."""
