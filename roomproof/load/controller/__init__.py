"""One per load run: adds up what the workers report, and gives the verdict."""
