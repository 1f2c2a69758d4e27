"""Sockets, frames and timing of a load process."""
