"""The offline judge: a whole history in, all findings out. Pure."""
