"""The stage of a scenario: rooms and the people in them, recorded and judged."""
