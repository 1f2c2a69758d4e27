"""nginx with the module nchan."""
