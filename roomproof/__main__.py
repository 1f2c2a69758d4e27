"""Runs the command `roomproof` as `python -m roomproof`."""

from roomproof.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
