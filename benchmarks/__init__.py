"""The cost of verifying every delivery, beside generators that verify nothing."""
