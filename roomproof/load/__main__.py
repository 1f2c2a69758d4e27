"""Runs Locust with a load script of Roomproof, as `python -P -m roomproof.load`."""

import sys

from roomproof.import_path import never_import_from_current_folder


def main() -> None:
    """Run Locust with the arguments of this process."""
    never_import_from_current_folder()
    from locust.main import main as run  # its imports must not find the modules of the current folder

    sys.argv[0] = "locust"
    run()


if __name__ == "__main__":
    main()
