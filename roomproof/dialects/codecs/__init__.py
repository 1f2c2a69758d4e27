"""Codecs: between the values that a target file speaks of and frames on the wire."""
