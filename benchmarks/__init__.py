"""What verifying every delivery costs, beside load generators that verify nothing."""
