"""The stage of a scenario: rooms, and people in them who say and hear things, all of it recorded and judged."""
