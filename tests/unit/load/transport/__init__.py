"""Tests of sockets, frames and timing."""
