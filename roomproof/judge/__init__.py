"""The judges: from what connections did and received to findings (docs/oracle.md)."""
