"""Runs Locust with a load script of Roomproof, as `python -P -m roomproof.load`."""

import sys
import traceback

from roomproof.import_path import never_import_from_current_folder
from roomproof.report.output import make_output_safe
from roomproof.verdict import EXIT_CODES, Conclusion

HELP = {"-h", "--help"}

LOADING = "load_locustfile"
"""The function of Locust that imports a script."""


def main() -> None:
    """Run Locust with the arguments of this process.

    Exits with 3 if the script cannot be imported.
    """
    never_import_from_current_folder()
    make_output_safe()
    from locust.main import main as run  # its imports must not find the modules of the current folder

    sys.argv[0] = "locust"
    try:
        if HELP & set(sys.argv) and sys.argv[1:2] == ["-f"]:
            from roomproof.load.script_help import script_help

            print(script_help(sys.argv[2]), end="")
            return
        run()
    except Exception as error:
        if not any(frame.name == LOADING for frame in traceback.extract_tb(error.__traceback__)):
            raise
        traceback.print_exception(error)
        sys.stderr.write(
            f"{Conclusion.INCONCLUSIVE.upper()}: expected a load script that can be imported, "
            f"got {type(error).__name__}: {error}; correct the script\n"
        )
        sys.exit(EXIT_CODES[Conclusion.INCONCLUSIVE])


if __name__ == "__main__":
    main()
