"""The controlling side of a load run: adds up reports, gives the verdict."""
