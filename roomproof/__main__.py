"""Runs the command `roomproof`, also as `python -m roomproof`."""

from roomproof.import_path import leave_current_folder


def main() -> int:
    """Run the command line of this process, and return the exit code."""
    leave_current_folder()
    from roomproof.cli.command_line import main as run  # its imports must not find the modules of the current folder

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
