"""One per load process: its rooms, its members, and what it measures."""
