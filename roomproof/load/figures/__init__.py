"""What decides about a load run: reports, totals, percentiles, objectives, overload, verdict. Pure."""
